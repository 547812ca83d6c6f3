package io.freshet.model.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AutoencoderConfigTest {
    @Test
    void readsTheFileBesidePublishedWeights() throws IOException {
        JsonNode file = json("{'_class_name': 'AutoencoderKL', '_diffusers_version': '0.4.2', 'act_fn': 'silu',"
                + " 'block_out_channels': [128, 256, 512, 512], 'down_block_types': ['DownEncoderBlock2D',"
                + " 'DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'], 'in_channels': 3,"
                + " 'latent_channels': 4, 'layers_per_block': 2, 'norm_num_groups': 32, 'out_channels': 3,"
                + " 'sample_size': 256, 'shift_factor': null, 'up_block_types': ['UpDecoderBlock2D', 'UpDecoderBlock2D',"
                + " 'UpDecoderBlock2D', 'UpDecoderBlock2D']}");
        assertThat(AutoencoderConfig.fromDiffusers(file)).isEqualTo(AutoencoderConfig.stableDiffusion());
    }

    @Test
    void whatIsMissingHasTheDefaultOfTheOriginal() throws IOException {
        assertThat(AutoencoderConfig.fromDiffusers(json("{}")))
                .isEqualTo(new AutoencoderConfig(3, 3, List.of(64), 1, 4, 32, 0.18215, 32));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'act_fn': 'relu'} | act_fn is \"relu\", expected silu",
                "{'use_quant_conv': false} | use_quant_conv is false, expected true",
                "{'block_out_channels': [48]} | block_out_channels is [48], expected 1 to 16 multiples of norm_num_groups (32)",
                "{'block_out_channels': []} | block_out_channels is []",
                "{'down_block_types': ['AttnDownEncoderBlock2D']} | expected DownEncoderBlock2D for each of the 1 levels",
                "{'up_block_types': ['UpDecoderBlock2D', 'UpDecoderBlock2D']} | expected UpDecoderBlock2D for each of the 1 levels",
                "{'layers_per_block': 0} | layers_per_block is 0, expected at least 1",
                "{'latent_channels': 'four'} | latent_channels is \"four\", expected an integer",
                "{'scaling_factor': 0} | scaling_factor is 0.0, expected a positive number",
            })
    void otherNetworksAreRefused(String arguments, String message) {
        assertThatThrownBy(() -> AutoencoderConfig.fromDiffusers(json(arguments)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("AutoencoderKL config: ")
                .hasMessageContaining(message);
    }

    private static JsonNode json(String text) throws IOException {
        return new ObjectMapper().readTree(text.replace('\'', '"'));
    }
}
