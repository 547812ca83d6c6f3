package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.UDitRecipe.DownsampledTokens;
import io.freshet.model.UDitRecipe.FeedForward;
import io.freshet.model.UDitRecipe.Position;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class UDitPresetsTest {
    private static List<ModelPreset> presets() {
        return UDitPresets.all();
    }

    @ParameterizedTest
    @MethodSource("presets")
    void presetsCountWhatThePaperPrints(ModelPreset preset) {
        assertThat(rounded(preset.config())).isEqualTo(preset.paperGigaMacs().orElseThrow());
        assertThat(Presets.find(preset.name().toLowerCase(Locale.ROOT))).contains(preset);
    }

    @ParameterizedTest
    @CsvSource({"U-DiT-S, 52.05", "U-DiT-B, 204.43", "U-DiT-L, 810.19"})
    void foldedParametersAreThoseOfThePaper(String name, double millions) {
        DenoiserNetwork network = Presets.find(name).orElseThrow().config().network();
        ParameterCounts counts = ParameterCounts.of(network);
        assertThat(Math.round(counts.folded() / 1e4) / 100.0).isEqualTo(millions);
        assertThat(counts.trained()).isEqualTo(counts.total()).isGreaterThan(counts.folded());
    }

    /** Tables 1, 7 and 9: the toy model with one thing after the other. */
    @Test
    void ablationsOfTheToyModelCountWhatThePaperPrints() {
        UDitConfig toy = ((UDitConfig) Presets.find("U-DiT-T").orElseThrow().config()).with(UDitRecipe.VANILLA);
        assertThat(rounded(toy)).isEqualTo(0.91);
        assertThat(rounded(toy.with(UDitRecipe.VANILLA.withPixelShuffle()))).isEqualTo(0.89);
        assertThat(rounded(toy.with(UDitRecipe.VANILLA.with(DownsampledTokens.KEY_VALUE))))
                .isEqualTo(0.91);
        assertThat(rounded(toy.with(UDitRecipe.VANILLA.with(Position.ROPE_2D)))).isEqualTo(0.91);
        assertThat(rounded(toy.with(UDitRecipe.PAPER.with(FeedForward.DEPTHWISE))))
                .isEqualTo(0.95);
    }

    /** Section 4.2 prints 2.22 for an ordinary convolution; it is that of a 3x3 one in a deeper toy model of the original's code. */
    @Test
    void anOrdinaryConvolutionCostsAsMuchAsThePaperSays() {
        UDitConfig config = UDitConfig.paper(32, 4, 48, List.of(2, 3, 4, 3, 2), 2, 2, 1000)
                .with(UDitRecipe.PAPER
                        .with(UDitRecipe.Downsampler.CONVOLUTION, 3, true)
                        .with(FeedForward.DEPTHWISE));
        assertThat(rounded(config)).isEqualTo(2.22);
    }

    private static double rounded(DenoiserConfig config) {
        return Math.round(config.network().multiplyAccumulates(true).withElementwise() / 1e7) / 100.0;
    }
}
