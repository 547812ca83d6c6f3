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
                .containsExactly(
                        "ddpm",
                        "ddim",
                        "dpmpp-2m",
                        "dpmpp-2m-sde",
                        "unipc",
                        "flow-euler",
                        "flow-heun",
                        "flow-midpoint",
                        "flow-rk4",
                        "flow-sde",
                        "flow-sde-heun");
        for (SamplerKind kind : SamplerKind.values()) {
            assertThat(SamplerKind.fromWireName(kind.wireName())).isEqualTo(kind);
        }
        assertThatThrownBy(() -> SamplerKind.fromWireName("euler"))
                .hasMessage("sampler is 'euler': expected 'auto' or one of 'ddpm', 'ddim', 'dpmpp-2m',"
                        + " 'dpmpp-2m-sde', 'unipc',"
                        + " 'flow-euler', 'flow-heun', 'flow-midpoint', 'flow-rk4', 'flow-sde', 'flow-sde-heun'");
        assertThat(GuidedChannels.fromWireName("first-three")).isEqualTo(GuidedChannels.FIRST_THREE);
        assertThat(GuidedChannels.fromWireName("all")).isEqualTo(GuidedChannels.ALL);
        assertThatThrownBy(() -> GuidedChannels.fromWireName("ALL"))
                .hasMessage("guidedChannels is 'ALL': expected 'first-three' or 'all'");
    }

    @Test
    void aSamplerFitsTheNetworksThatPredictWhatItNeeds() {
        assertThatCode(() -> SamplerKind.UNIPC.requireFits(Prediction.NOISE)).doesNotThrowAnyException();
        assertThatCode(() -> SamplerKind.FLOW_SDE.requireFits(Prediction.VELOCITY))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> SamplerKind.UNIPC.requireFits(Prediction.VELOCITY))
                .hasMessage("sampler is 'unipc', which draws from networks that predict noise, but the checkpoint"
                        + " predicts velocity: expected 'auto' or one of 'flow-euler', 'flow-heun', 'flow-midpoint',"
                        + " 'flow-rk4', 'flow-sde', 'flow-sde-heun'");
        assertThatThrownBy(() -> SamplerKind.FLOW_HEUN.requireFits(Prediction.NOISE))
                .hasMessage(
                        "sampler is 'flow-heun', which draws from networks that predict velocity, but the checkpoint"
                                + " predicts noise: expected 'auto' or one of 'ddpm', 'ddim', 'dpmpp-2m',"
                                + " 'dpmpp-2m-sde', 'unipc'");
    }

    @Test
    void theUsualSamplerOfANetworkFitsIt() {
        for (Prediction prediction : Prediction.values()) {
            assertThat(SamplerKind.usual(prediction).fits(prediction))
                    .as("%s", prediction)
                    .isTrue();
            assertThat(SamplerKind.choose("auto", prediction)).isEqualTo(SamplerKind.usual(prediction));
            assertThat(SamplerKind.choose("flow-rk4", prediction)).isEqualTo(SamplerKind.FLOW_RK4);
        }
    }

    @Test
    void flowsKnowNoScheduleToBeRespaced() {
        SamplerSettings settings = new SamplerSettings(SamplerKind.FLOW_EULER, 10, 0, 1);
        assertThatThrownBy(settings::respacing).hasMessageContaining("'flow-euler' visits times");
    }

    @Test
    void guidanceAppliesAboveItsLowestNoiseAndUpToItsHighest() {
        Guidance guidance = new Guidance(2, GuidedChannels.ALL, 0.28, 2.9);
        assertThat(guidance.appliesAt(0.28)).isFalse();
        assertThat(guidance.appliesAt(0.29)).isTrue();
        assertThat(guidance.appliesAt(2.9)).isTrue();
        assertThat(guidance.appliesAt(2.91)).isFalse();
        assertThat(Guidance.asPublished(2).appliesAt(NO_LIMIT))
                .as("nothing but noise")
                .isTrue();
        assertThat(Guidance.asPublished(2).appliesAt(0)).as("the end of a flow").isTrue();
        assertThat(guidance.appliesAt(0)).isFalse();
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
