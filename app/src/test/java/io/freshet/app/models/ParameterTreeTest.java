package io.freshet.app.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParameterTreeTest {
    private static Map<String, long[]> shapes() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put("embed.weight", new long[] {2, 3});
        for (int i = 0; i < 3; i++) {
            shapes.put("blocks." + i + ".weight", new long[] {4, i < 2 ? 4 : 5});
            shapes.put("blocks." + i + ".scale", new long[] {});
        }
        return shapes;
    }

    @Test
    void siblingsThatAreAlikeAreShownOnce() {
        assertThat(new ParameterTree(shapes(), true, true).lines())
                .containsExactly(
                        "embed                6",
                        "└─ weight            [2, 3]",
                        "blocks               55",
                        "├─ 0 to 1 (2 alike)  17",
                        "│  ├─ weight         [4, 4]",
                        "│  └─ scale          []",
                        "└─ 2                 21",
                        "   ├─ weight         [4, 5]",
                        "   └─ scale          []");
    }

    @Test
    void allSiblingsAreShownOnRequestAndInAscii() {
        assertThat(new ParameterTree(shapes(), false, false).lines())
                .hasSize(12)
                .contains("|- 1          17", "|  `- scale   []", "`- 2          21");
    }
}
