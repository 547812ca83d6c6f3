package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.diffusion.DdimSampler;
import io.freshet.diffusion.DdpmSampler;
import io.freshet.diffusion.GuidedChannels;
import io.freshet.diffusion.ReverseDistribution;
import io.freshet.diffusion.Sampler;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.DenoiserScripts;
import io.freshet.sampling.Precision;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.weights.Tensor;
import java.util.Arrays;
import java.util.Map;

/** Whole sampling loops with every draw of noise recorded, of a formula or of a network under guidance. */
final class SamplingLoopsRunner implements FixtureRunner {
    private static final double TOLERANCE = 1e-4;
    private static final float[][] NO_HISTORY = {};

    /** What is sampled from: the outputs for a batch of latents at a step of the training schedule. */
    private interface Model {
        float[][] predict(float[][] latents, int t);
    }

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        String model = fixture.json().path("model").asText();
        Tensor labels = fixture.tensor("input.y");
        if (ToyModel.isNamedBy(model)) {
            ToyModel.require(model);
            runLoops(fixture, (latents, t) -> ToyModel.predict(latents, t, labels), true, checks);
            return;
        }
        int size = fixture.tensor("input.init_noise").shape().get(2).intValue();
        String type = model.split("[^A-Za-z0-9_]", 2)[0];
        DenoiserConfig config = OriginalConstructors.config(type, fixture.constructor(), size);
        Map<String, Tensor> folded = DenoiserScripts.fold(config, fixture.below("weights."));
        try (TorchModule network =
                TorchModule.load(DenoiserScripts.inference(config, folded, device, Precision.FP32), device)) {
            JsonNode scale = fixture.json().path("cfg_scale");
            Model plain = (latents, t) -> predict(network, config, latents, t, labels);
            runLoops(
                    fixture,
                    scale.isNumber() ? guided(plain, config, scale.asDouble()) : plain,
                    config.learnsSigma(),
                    checks);
        }
    }

    private static void runLoops(Fixture fixture, Model model, boolean learnsVariance, Checks checks) {
        fixture.json().path("runs").properties().forEach(run -> {
            OriginalDiffusion diffusion =
                    OriginalDiffusion.respaced(run.getValue().path("respacing"), learnsVariance);
            runLoop(fixture, run.getKey(), run.getValue(), diffusion, model, checks);
        });
    }

    private static void runLoop(
            Fixture fixture, String run, JsonNode settings, OriginalDiffusion diffusion, Model model, Checks checks) {
        if (fixture.has(run + ".timestep_map")) {
            checks.equal(
                    run + " timestep_map",
                    Arrays.toString(fixture.tensor(run + ".timestep_map").longs()),
                    Arrays.toString(diffusion.timestepMap()));
        }
        boolean clip = settings.path("clip_denoised").asBoolean();
        Sampler sampler = sampler(settings, diffusion, clip);
        Tensor expected = fixture.tensor(run + ".expected.samples");
        if (expected.shape().get(0) != sampler.evaluations()) {
            checks.fail(
                    run, TOLERANCE, expected.shape().get(0) + " steps are recorded, ours has " + sampler.evaluations());
            return;
        }
        double largest =
                Arrays.stream(Numbers.doubles(expected)).map(Math::abs).max().orElse(0);
        Tensor noise = fixture.tensor(run + ".noise");
        float[][] latents = Rows.of(fixture.tensor("input.init_noise"));
        for (int k = 0; k < sampler.evaluations(); k++) {
            float[][] outputs = model.predict(latents, (int) sampler.time(k));
            if (k == sampler.evaluations() - 1 && fixture.has(run + ".expected.pred_xstart_last")) {
                checks.close(
                        run + " last estimate of x_0",
                        Numbers.doubles(fixture.tensor(run + ".expected.pred_xstart_last")),
                        estimates(diffusion, clip, latents, outputs),
                        TOLERANCE);
            }
            float[][] drawn = Rows.of(noise, k);
            for (int row = 0; row < latents.length; row++) {
                sampler.advance(k, latents[row], NO_HISTORY, outputs[row], 0, drawn[row]);
            }
            double error = Rows.largestDifference(Rows.of(expected, k), latents);
            checks.measured(run + " after step " + (k + 1), error == 0 ? 0 : error / largest, TOLERANCE);
        }
    }

    private static Sampler sampler(JsonNode settings, OriginalDiffusion diffusion, boolean clip) {
        String method = settings.path("method").asText();
        if (method.startsWith("ddim_sample")) {
            double eta = settings.path("eta").asDouble();
            return new DdimSampler(diffusion.respaced(), diffusion.parameterization(), eta, clip);
        } else if (method.startsWith("p_sample")) {
            return new DdpmSampler(diffusion.respaced(), diffusion.parameterization(), clip);
        }
        throw new IllegalArgumentException("the sampling method '" + method
                + "' is not known, expected 'p_sample_loop_progressive' or 'ddim_sample_loop_progressive'");
    }

    private static double[] estimates(OriginalDiffusion diffusion, boolean clip, float[][] latents, float[][] outputs) {
        ReverseDistribution reverse = new ReverseDistribution(diffusion.schedule(), diffusion.parameterization(), clip);
        float[][] estimates = new float[latents.length][];
        for (int row = 0; row < latents.length; row++) {
            estimates[row] = new float[latents[row].length];
            for (int j = 0; j < estimates[row].length; j++) {
                estimates[row][j] = reverse.start(0, latents[row][j], outputs[row][j]);
            }
        }
        return Rows.doubles(estimates);
    }

    private static float[][] predict(
            TorchModule network, DenoiserConfig config, float[][] latents, int t, Tensor labels) {
        int side = config.inputSize();
        float[] times = new float[latents.length];
        Arrays.fill(times, t);
        Tensor out = network.run(
                        "forward",
                        Tensor.of(Rows.join(latents), latents.length, config.inChannels(), side, side),
                        Tensor.of(times, times.length),
                        labels)
                .get(0);
        return Rows.of(out);
    }

    /**
     * The batch is [rows with labels; rows with null labels]. The first half's latents go through the network with both, and both
     * get the guided noise; the latents of the second half drift along without being looked at.
     */
    private static Model guided(Model plain, DenoiserConfig config, double scale) {
        int area = config.inputSize() * config.inputSize();
        return (latents, t) -> {
            int half = latents.length / 2;
            float[][] doubled = new float[latents.length][];
            Arrays.setAll(doubled, row -> latents[row % half]);
            float[][] outputs = plain.predict(doubled, t);
            for (int row = 0; row < half; row++) {
                float[] both = Rows.join(new float[][] {outputs[row], outputs[half + row]});
                int size = outputs[row].length;
                GuidedChannels.FIRST_THREE.combine(both, 0, size, config.inChannels(), area, scale);
                outputs[row] = Arrays.copyOf(both, size);
                int guided = GuidedChannels.FIRST_THREE.of(config.inChannels()) * area;
                System.arraycopy(both, 0, outputs[half + row], 0, guided);
            }
            return outputs;
        };
    }
}
