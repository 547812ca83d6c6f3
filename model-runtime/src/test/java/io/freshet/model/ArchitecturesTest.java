package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.model.UDitRecipe.Downsampler;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArchitecturesTest {
    @Test
    void configurationsFromBeforeTheSwitchesHaveThePapersRecipe() throws JsonProcessingException {
        JsonNode old = new ObjectMapper()
                .readTree("{\"inputSize\":32,\"inChannels\":3,\"hiddenSize\":16,\"depth\":[0,2,4,2,0],"
                        + "\"downFactor\":[2,2,2,2,2],\"numHeads\":2,\"mlpRatio\":2,\"numClasses\":10}");
        assertThat(Architectures.config("u-dit", old))
                .isEqualTo(UDitConfig.paper(32, 3, 16, List.of(0, 2, 4, 2, 0), 2, 2, 10));
    }

    @Test
    void switchesAreWrittenAndRead() {
        UDitConfig config = UDitConfig.small()
                .withDownFactor(List.of(1, 2, 1, 2, 4))
                .with(UDitRecipe.VANILLA
                        .with(Downsampler.CONVOLUTION, 3, false)
                        .with(UDitRecipe.DownsampledTokens.KEY_VALUE)
                        .withSigma(false)
                        .withNullLabel(false));
        ObjectNode json = Architectures.describe(config);
        assertThat(Architectures.config("u-dit", json)).isEqualTo(config);
        json.with("recipe").put("attention", "LINEAR");
        assertThatThrownBy(() -> Architectures.config("u-dit", json))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("LINEAR");
    }
}
