package io.freshet.app.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.model.UDitConfig;
import io.freshet.model.UDitRecipe;
import io.freshet.model.UDitRecipe.Downsampler;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UDitArgumentsTest {
    @Test
    void whatIsNotGivenHasTheDefaultOfTheOriginal() throws JsonProcessingException {
        UDitConfig published = UDitConfig.paper(32, 4, 1152, List.of(2, 5, 8, 5, 2), 16, 4, 1000);
        UDitRecipe plain =
                UDitRecipe.VANILLA.with(UDitRecipe.FeedForward.REPARAMETRISED).with(Downsampler.DEPTHWISE, 3, false);
        assertThat(config("{'downsampler': 'dwconv3'}")).isEqualTo(published.with(plain));
    }

    @Test
    void everyKeywordIsHeard() throws JsonProcessingException {
        UDitConfig config =
                config("{'input_size': 32, 'down_factor': [1, 2, 4, 2, 1], 'in_channels': 3, 'hidden_size': 24,"
                        + " 'depth': [1, 0, 2, 3, 1], 'num_heads': 3, 'mlp_ratio': 2.5, 'class_dropout_prob': 0, 'num_classes': 7,"
                        + " 'learn_sigma': false, 'rep': 0, 'ffn_type': 'rep', 'attn_type': 'v2', 'posemb_type': 'rope2d',"
                        + " 'downsampler': 'dwconv1', 'down_shortcut': true}");
        UDitRecipe recipe = UDitRecipe.PAPER
                .with(Downsampler.DEPTHWISE, 1, true)
                .with(UDitRecipe.FeedForward.DEPTHWISE)
                .withSigma(false)
                .withNullLabel(false);
        assertThat(config)
                .isEqualTo(
                        new UDitConfig(32, 3, 24, List.of(1, 0, 2, 3, 1), List.of(1, 2, 4, 2, 1), 3, 2.5, 7, recipe));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'downsampler': 'dwconv5', 'local_win': 8} | U_DiT has no keyword 'local_win'",
                "{'downsampler': 'conv3'} | U_DiT: downsampler is conv3, expected one of [dwconv1,",
                "{} | U_DiT: downsampler is none",
                "{'downsampler': 'dwconv5', 'attn_type': 'v3'} | attn_type is v3",
                "{'downsampler': 'dwconv5', 'posemb_type': 'relbias'} | posemb_type is relbias",
                "{'downsampler': 'dwconv5', 'ffn_type': 3} | ffn_type is 3, expected one of",
                "{'downsampler': 'dwconv5', 'rep': 2} | rep is 2, expected true, false, 1 or 0",
                "{'downsampler': 'dwconv5', 'depth': [1, 'x']} | depth is \"x\", expected a whole number",
                "{'downsampler': 'dwconv5', 'depth': [1, 2]} | depth is [1, 2], expected five numbers",
                "{'downsampler': 'dwconv5', 'depth': 2} | depth is 2, expected a list",
                "{'downsampler': 'dwconv5', 'down_factor': 2.5} | down_factor is 2.5, expected a whole number",
                "{'downsampler': 'dwconv5', 'mlp_ratio': '4'} | mlp_ratio is \"4\", expected a number",
                "[] | The arguments of U_DiT are [], expected an object",
            })
    void whatIsUnknownOrImpossibleIsNamed(String arguments, String message) {
        assertThatThrownBy(() -> config(arguments))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    private static UDitConfig config(String arguments) throws JsonProcessingException {
        return UDitArguments.config(new ObjectMapper().readTree(arguments.replace('\'', '"')), 32);
    }
}
