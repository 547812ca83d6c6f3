package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.diffusion.GuidedChannels;
import io.freshet.diffusion.Prediction;
import org.junit.jupiter.api.Test;

class SamplerSettingsTest {
    private static final double NO_LIMIT = Double.POSITIVE_INFINITY;

    @Test
    void namesAreThoseOfTheWire() {
        assertThat(SamplerKind.values())
                .extracting(SamplerKind::wireName)
                .containsExactly("ddpm", "ddim", "dpmpp-2m", "unipc");
        for (SamplerKind kind : SamplerKind.values()) {
            assertThat(SamplerKind.fromWireName(kind.wireName())).isEqualTo(kind);
        }
        assertThatThrownBy(() -> SamplerKind.fromWireName("flow-euler"))
                .hasMessage("sampler is 'flow-euler': expected one of 'ddpm', 'ddim', 'dpmpp-2m', 'unipc'");
        assertThat(GuidedChannels.fromWireName("first-three")).isEqualTo(GuidedChannels.FIRST_THREE);
        assertThat(GuidedChannels.fromWireName("all")).isEqualTo(GuidedChannels.ALL);
        assertThatThrownBy(() -> GuidedChannels.fromWireName("ALL"))
                .hasMessage("guidedChannels is 'ALL': expected 'first-three' or 'all'");
    }

    @Test
    void aSamplerFitsTheNetworksThatPredictWhatItNeeds() {
        assertThatCode(() -> SamplerKind.UNIPC.requireFits(Prediction.NOISE)).doesNotThrowAnyException();
        assertThat(SamplerKind.anyFits(Prediction.NOISE)).isTrue();
        assertThatThrownBy(() -> SamplerKind.UNIPC.requireFits(Prediction.VELOCITY))
                .hasMessageStartingWith("sampler is 'unipc', which draws from networks that predict noise, but the"
                        + " checkpoint predicts velocity: expected ");
    }

    @Test
    void guidanceAppliesAboveItsLowestNoiseAndUpToItsHighest() {
        Guidance guidance = new Guidance(2, GuidedChannels.ALL, 0.28, 2.9);
        assertThat(guidance.appliesAt(0.28)).isFalse();
        assertThat(guidance.appliesAt(0.29)).isTrue();
        assertThat(guidance.appliesAt(2.9)).isTrue();
        assertThat(guidance.appliesAt(2.91)).isFalse();
        assertThat(Guidance.asPublished(2).appliesAt(1e9)).isTrue();
        assertThat(Guidance.asPublished(1).appliesAt(1)).as("a scale of 1").isFalse();
    }

    @Test
    void guidanceKeepsItsPlacesEvenIfItAppliesAtSomeNoiseLevelsOnly() {
        assertThat(new SamplerSettings(SamplerKind.DDIM, 5, 0, new Guidance(2, GuidedChannels.ALL, 0, 1)).places())
                .isEqualTo(2);
        assertThat(new SamplerSettings(SamplerKind.DDIM, 5, 0, 1).places()).isEqualTo(1);
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertThatThrownBy(() -> Guidance.asPublished(0.5))
                .hasMessage("guidance is 0.5: expected a number from 1 (off) to 20");
        assertThatThrownBy(() -> new Guidance(2, GuidedChannels.ALL, -1, NO_LIMIT))
                .hasMessage("guidanceMinNoise is -1.0: expected a noise level of at least 0");
        assertThatThrownBy(() -> new Guidance(2, GuidedChannels.ALL, NO_LIMIT, NO_LIMIT))
                .hasMessageContaining("guidanceMinNoise is Infinity");
        assertThatThrownBy(() -> new Guidance(2, GuidedChannels.ALL, 3, 3))
                .hasMessage("guidanceMaxNoise is 3.0: expected a noise level above guidanceMinNoise, which is 3.0");
        assertThatThrownBy(() -> new Guidance(2, GuidedChannels.ALL, 0, Double.NaN))
                .hasMessageContaining("guidanceMaxNoise is NaN");
        assertThatThrownBy(() -> new SamplerSettings(SamplerKind.DDIM, 1001, 0, 1))
                .hasMessage("steps is 1001: expected 1 to 1000");
        assertThatThrownBy(() -> new SamplerSettings(SamplerKind.DDIM, 10, -0.1, 1))
                .hasMessage("eta is -0.1: expected a number from 0 to 1");
    }
}
