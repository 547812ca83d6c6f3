package io.freshet.app.conformance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import io.freshet.diffusion.NoiseSchedule;
import io.freshet.script.TorchDevice;
import io.freshet.weights.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/** Noise schedules in float64, respacings, and what is no respacing. */
final class SchedulesRunner implements FixtureRunner {
    private static final double TOLERANCE = 1e-12;
    private static final int STEPS = 1000;
    private static final String CLIPPED = "posterior_log_variance_clipped";
    private static final String MAP = "timestep_map";

    private static final Map<String, Function<NoiseSchedule, double[]>> ARRAYS = Map.ofEntries(
            Map.entry("betas", NoiseSchedule::betas),
            Map.entry("alphas_cumprod", NoiseSchedule::alphasCumprod),
            Map.entry("alphas_cumprod_prev", NoiseSchedule::alphasCumprodPrev),
            Map.entry("alphas_cumprod_next", NoiseSchedule::alphasCumprodNext),
            Map.entry("sqrt_alphas_cumprod", NoiseSchedule::sqrtAlphasCumprod),
            Map.entry("sqrt_one_minus_alphas_cumprod", NoiseSchedule::sqrtOneMinusAlphasCumprod),
            Map.entry("log_one_minus_alphas_cumprod", NoiseSchedule::logOneMinusAlphasCumprod),
            Map.entry("sqrt_recip_alphas_cumprod", NoiseSchedule::sqrtRecipAlphasCumprod),
            Map.entry("sqrt_recipm1_alphas_cumprod", NoiseSchedule::sqrtRecipm1AlphasCumprod),
            Map.entry("posterior_variance", NoiseSchedule::posteriorVariance),
            Map.entry(CLIPPED, NoiseSchedule::posteriorLogVarianceClipped),
            Map.entry("posterior_mean_coef1", NoiseSchedule::posteriorMeanCoef1),
            Map.entry("posterior_mean_coef2", NoiseSchedule::posteriorMeanCoef2));

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        for (Map.Entry<String, JsonNode> entry : fixture.json().path("cases").properties()) {
            String name = entry.getKey();
            JsonNode recorded = entry.getValue();
            OriginalDiffusion diffusion = OriginalDiffusion.of(recorded.path("create_diffusion"));
            checkDescription(name, recorded, diffusion, checks);
            fixture.below(name + ".").forEach((array, expected) -> check(name, array, expected, diffusion, checks));
        }
        fixture.json()
                .path("space_timesteps_extra")
                .properties()
                .forEach(entry -> checkSteps(entry.getKey(), entry.getValue(), checks));
        fixture.json().path("space_timesteps_errors").fieldNames().forEachRemaining(call -> checkRefused(call, checks));
    }

    private static void checkDescription(String name, JsonNode recorded, OriginalDiffusion diffusion, Checks checks) {
        Map<String, Object> ours = Map.of(
                "steps", diffusion.respaced().steps(),
                "mean_type", diffusion.meanType(),
                "var_type", diffusion.parameterization().variance().name(),
                "loss_type", diffusion.objective().loss().name());
        ours.forEach((field, value) -> {
            if (recorded.has(field)) {
                checks.equal(name + " " + field, recorded.get(field).asText(), value.toString());
            }
        });
    }

    private static void check(String name, String array, Tensor expected, OriginalDiffusion diffusion, Checks checks) {
        String check = name + " " + array;
        Function<NoiseSchedule, double[]> accessor = ARRAYS.get(array);
        if (array.equals(MAP)) {
            checks.equal(check, Arrays.toString(expected.longs()), Arrays.toString(diffusion.timestepMap()));
        } else if (accessor == null) {
            checks.fail(check, TOLERANCE, "our schedules have no such array");
        } else if (array.equals(CLIPPED)
                && expected.numel() == 0
                && diffusion.respaced().steps() == 1) {
            // The original has no value there; ours is the upper bound of the learned range, and no sample depends on
            // it.
            close(check, diffusion.schedule().logBetas(), accessor.apply(diffusion.schedule()), checks);
        } else {
            close(check, Numbers.doubles(expected), accessor.apply(diffusion.schedule()), checks);
        }
    }

    /** Element by element, for the arrays run over many orders of magnitude. */
    private static void close(String check, double[] expected, double[] actual, Checks checks) {
        if (expected.length != actual.length) {
            checks.fail(check, TOLERANCE, actual.length + " numbers, expected " + expected.length);
            return;
        }
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(actual[i] - expected[i]);
            worst = Math.max(worst, difference == 0 ? 0 : difference / Math.abs(expected[i]));
        }
        checks.measured(check, worst, TOLERANCE);
    }

    /** A call is {@code steps|respacing}, the latter as Python writes it, without quotes around text. */
    private static void checkSteps(String call, JsonNode expected, Checks checks) {
        int[] steps = StreamSupport.stream(expected.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
        checks.equal("space_timesteps " + call, Arrays.toString(steps), Arrays.toString(timesteps(call)));
    }

    private static void checkRefused(String call, Checks checks) {
        String check = "refused: " + call;
        try {
            checks.fail(check, 0, "gives " + Arrays.toString(timesteps(call)) + ", expected an error");
        } catch (IllegalArgumentException e) {
            checks.measured(check, 0, 0);
        }
    }

    private static int[] timesteps(String call) {
        int bar = call.indexOf('|');
        int steps = bar < 0 ? STEPS : Integer.parseInt(call.substring(0, bar).trim());
        String respacing = call.substring(bar + 1).trim();
        try {
            return OriginalDiffusion.timesteps(
                    steps,
                    respacing.startsWith("[") ? new ObjectMapper().readTree(respacing) : TextNode.valueOf(respacing));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the respacing '" + respacing + "' is no list of numbers", e);
        }
    }
}
