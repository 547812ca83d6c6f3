package io.freshet.app.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.diffusion.Prediction;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.DiTConfig;
import io.freshet.model.DiTConfig.Blocks;
import io.freshet.model.Presets;
import org.junit.jupiter.api.Test;

class DiTArgumentsTest {
    @Test
    void whatIsNotGivenIsAsInTheOriginal() {
        assertThat(config("DiT", "{}", 32))
                .isEqualTo(Presets.find("DiT-XL/2").orElseThrow().config());
        assertThat(config("SiTLLaMA", "{}", 32))
                .isEqualTo(Presets.find("SiT-LLaMA-XL/2").orElseThrow().config());
    }

    @Test
    void everyArgumentCounts() {
        String arguments = "{'input_size': 12, 'patch_size': 3, 'in_channels': 1, 'hidden_size': 40, 'depth': 5,"
                + " 'num_heads': 5, 'mlp_ratio': 3, 'class_dropout_prob': 0.0, 'num_classes': 6, 'learn_sigma': 0}";
        assertThat(config("SiT", arguments, 12))
                .isEqualTo(new DiTConfig(Blocks.DIT, Prediction.VELOCITY, 12, 3, 1, 40, 5, 5, 3, 6, 0, false));
    }

    @Test
    void whatIsNotUnderstoodIsNamed() {
        assertThatThrownBy(() -> config("DiT", "{'qk_norm': true}", 32))
                .hasMessage("the argument qk_norm=true is not one that a DiT takes");
        assertThatThrownBy(() -> config("DiT", "{'depth': 2.5}", 32))
                .hasMessage("the argument depth is 2.5, expected an integer");
        assertThatThrownBy(() -> config("DiTLLaMA", "{'mlp_ratio': 'large'}", 32))
                .hasMessage("the argument mlp_ratio is \"large\", expected a number");
        assertThatThrownBy(() -> config("SiT", "{'learn_sigma': null}", 32))
                .hasMessage("the argument learn_sigma is null, expected true or false");
        assertThatThrownBy(() -> config("SiT", "[]", 32)).hasMessageContaining("constructor");
        assertThatThrownBy(() -> config("DiT", "{'input_size': 16}", 32))
                .hasMessage("the argument input_size=16 does not go with an input of side 32");
    }

    private static DenoiserConfig config(String kind, String arguments, int inputSize) {
        try {
            return OriginalConstructors.config(
                    kind, new ObjectMapper().readTree(arguments.replace('\'', '"')), inputSize);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
