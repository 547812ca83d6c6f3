package io.freshet.app.conformance;

import io.freshet.diffusion.DdimInversion;
import io.freshet.script.TorchDevice;
import io.freshet.weights.Tensor;
import java.util.Arrays;

/** DDIM walked from an image to its noise. */
final class DdimReverseRunner implements FixtureRunner {
    private static final double TOLERANCE = 1e-4;

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        ToyModel.require(fixture.json().path("model").asText());
        OriginalDiffusion diffusion = OriginalDiffusion.respaced(fixture.json().path("respacing"), true);
        DdimInversion inversion = new DdimInversion(
                diffusion.schedule(),
                diffusion.parameterization(),
                fixture.json().path("clip_denoised").asBoolean());
        Tensor expected = fixture.tensor("expected.samples");
        if (expected.shape().get(0) > inversion.steps()) {
            checks.fail(
                    "steps",
                    TOLERANCE,
                    expected.shape().get(0) + " steps are recorded, the schedule has " + inversion.steps());
            return;
        }
        double largest =
                Arrays.stream(Numbers.doubles(expected)).map(Math::abs).max().orElse(0);
        float[][] latents = Rows.of(fixture.tensor("input.x"));
        for (int i = 0; i < expected.shape().get(0); i++) {
            float[][] outputs = ToyModel.predict(latents, diffusion.respaced().timestep(i), fixture.tensor("input.y"));
            for (int row = 0; row < latents.length; row++) {
                inversion.step(i, latents[row], outputs[row], 0);
            }
            double error = Rows.largestDifference(Rows.of(expected, i), latents);
            checks.measured("after step " + (i + 1), error == 0 ? 0 : error / largest, TOLERANCE);
        }
    }
}
