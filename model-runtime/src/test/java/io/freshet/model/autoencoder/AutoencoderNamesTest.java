package io.freshet.model.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AutoencoderNamesTest {
    private static final AutoencoderConfig CONFIG = AutoencoderConfig.stableDiffusion();
    private static final Tensor ANY = Tensor.of(new float[1], 1);

    @ParameterizedTest
    @CsvSource({
        "encoder.conv_in.weight, encoder.conv_in.weight",
        "encoder.down.0.block.1.norm1.bias, encoder.down_blocks.0.resnets.1.norm1.bias",
        "encoder.down.1.block.0.nin_shortcut.weight, encoder.down_blocks.1.resnets.0.conv_shortcut.weight",
        "encoder.down.2.downsample.conv.weight, encoder.down_blocks.2.downsamplers.0.conv.weight",
        "encoder.mid.block_1.conv1.weight, encoder.mid_block.resnets.0.conv1.weight",
        "encoder.mid.attn_1.norm.weight, encoder.mid_block.attentions.0.group_norm.weight",
        "encoder.mid.attn_1.q.weight, encoder.mid_block.attentions.0.to_q.weight",
        "encoder.mid.attn_1.k.bias, encoder.mid_block.attentions.0.to_k.bias",
        "decoder.mid.attn_1.v.weight, decoder.mid_block.attentions.0.to_v.weight",
        "decoder.mid.attn_1.proj_out.bias, decoder.mid_block.attentions.0.to_out.0.bias",
        "decoder.mid.block_2.norm2.weight, decoder.mid_block.resnets.1.norm2.weight",
        "decoder.up.3.block.2.conv2.weight, decoder.up_blocks.0.resnets.2.conv2.weight",
        "decoder.up.0.block.0.nin_shortcut.bias, decoder.up_blocks.3.resnets.0.conv_shortcut.bias",
        "decoder.up.1.upsample.conv.weight, decoder.up_blocks.2.upsamplers.0.conv.weight",
        "decoder.norm_out.weight, decoder.conv_norm_out.weight",
        "quant_conv.weight, quant_conv.weight",
        "encoder.mid_block.attentions.0.query.weight, encoder.mid_block.attentions.0.to_q.weight",
        "encoder.mid_block.attentions.0.key.bias, encoder.mid_block.attentions.0.to_k.bias",
        "decoder.mid_block.attentions.0.value.weight, decoder.mid_block.attentions.0.to_v.weight",
        "decoder.mid_block.attentions.0.proj_attn.bias, decoder.mid_block.attentions.0.to_out.0.bias",
        "encoder.down.3.attn.0.q.weight, encoder.down_blocks.3.attn.0.q.weight",
        "decoder.up.4.block.0.conv1.weight, decoder.up.4.block.0.conv1.weight",
        "loss.logvar, loss.logvar",
    })
    void oldNamesHaveACanonicalOne(String old, String canonical) {
        assertThat(AutoencoderNames.canonical(CONFIG, Map.of(old, ANY))).containsOnlyKeys(canonical);
    }

    @Test
    void canonicalNamesStayAsTheyAre() {
        Map<String, Tensor> weights = SmallAutoencoder.weights();
        assertThat(AutoencoderNames.canonical(SmallAutoencoder.CONFIG, weights)).isEqualTo(weights);
    }

    @Test
    void pointwiseConvolutionsOfAttentionBecomeMatrices() {
        Map<String, Tensor> renamed = AutoencoderNames.canonical(
                SmallAutoencoder.CONFIG,
                Map.of(
                        "decoder.mid.attn_1.proj_out.weight", SmallAutoencoder.noise(1, 16, 16, 1, 1),
                        "post_quant_conv.weight", SmallAutoencoder.noise(2, 4, 4, 1, 1)));
        assertThat(renamed)
                .containsEntry("decoder.mid_block.attentions.0.to_out.0.weight", SmallAutoencoder.noise(1, 16, 16))
                .containsEntry("post_quant_conv.weight", SmallAutoencoder.noise(2, 4, 4, 1, 1));
    }

    @Test
    void theFirstStageIsTakenOutOfAWholeModel() {
        Map<String, Tensor> renamed = AutoencoderNames.canonical(
                CONFIG,
                Map.of("first_stage_model.encoder.norm_out.bias", ANY, "model.diffusion_model.out.0.bias", ANY));
        assertThat(renamed).containsOnlyKeys("encoder.conv_norm_out.bias");
    }

    @Test
    void twoNamesOfOneWeightAreRefused() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        for (String name : List.of("encoder.conv_norm_out.bias", "encoder.norm_out.bias")) {
            weights.put(name, ANY);
        }
        assertThatThrownBy(() -> AutoencoderNames.canonical(CONFIG, weights))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "'encoder.norm_out.bias' is another name of 'encoder.conv_norm_out.bias', which is there too:"
                                + " expected weights in one layout");
    }
}
