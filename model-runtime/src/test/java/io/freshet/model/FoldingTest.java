package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.script.Graph;
import io.freshet.script.Value;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class FoldingTest {
    private final Map<String, Function<Graph, Value>> recipes = new LinkedHashMap<>();

    {
        recipes.put("sum", g -> g.add(g.parameter("a"), g.parameter("b")));
        recipes.put("same", g -> g.parameter("a"));
        recipes.put("twice", g -> g.mul(g.parameter("b"), 2));
    }

    @Test
    void computesInOrderAndPassesOnWhatStaysTheSame() {
        Tensor a = Tensor.of(new float[] {1, 2}, 2);
        Map<String, Tensor> folded = Folding.fold(recipes, Map.of("a", a, "b", Tensor.of(new float[] {3, 4}, 2)));
        assertThat(folded.keySet()).containsExactly("sum", "same", "twice");
        assertThat(folded.get("sum").floats()).containsExactly(4, 6);
        assertThat(folded.get("same")).isSameAs(a);
        assertThat(folded.get("twice").floats()).containsExactly(6, 8);
    }

    @Test
    void otherTypesThanFloat32AreRefused() {
        Tensor half = new Tensor(DType.F16, List.of(2L), ByteBuffer.allocate(4));
        assertThatThrownBy(() -> Folding.fold(recipes, Map.of("a", Tensor.of(new float[2], 2), "b", half)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'b' is F16[2], expected F32: convert the weights first");
    }
}
