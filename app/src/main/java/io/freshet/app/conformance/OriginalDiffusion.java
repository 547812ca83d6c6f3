package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.diffusion.NoiseSchedule;
import io.freshet.diffusion.Parameterization;
import io.freshet.diffusion.Parameterization.Mean;
import io.freshet.diffusion.Parameterization.Variance;
import io.freshet.diffusion.RespacedSchedule;
import io.freshet.diffusion.Respacing;
import io.freshet.diffusion.TrainingObjective;
import io.freshet.diffusion.TrainingObjective.Loss;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.StreamSupport;

/**
 * A diffusion from the arguments of the original's {@code create_diffusion}.
 *
 * @param respaced the schedule
 * @param objective what the output means, and the loss
 */
record OriginalDiffusion(RespacedSchedule respaced, TrainingObjective objective) {
    private static final int STEPS = 1000;
    private static final Set<String> ARGUMENTS = Set.of(
            "timestep_respacing",
            "noise_schedule",
            "use_kl",
            "sigma_small",
            "predict_xstart",
            "learn_sigma",
            "rescale_learned_sigmas",
            "diffusion_steps");

    /**
     * Reads arguments by keyword.
     *
     * @throws IllegalArgumentException if one is unknown or has no meaning
     */
    static OriginalDiffusion of(JsonNode arguments) {
        arguments.fieldNames().forEachRemaining(name -> {
            if (!ARGUMENTS.contains(name)) {
                throw new IllegalArgumentException(
                        "create_diffusion has no argument '" + name + "', expected some of " + ARGUMENTS);
            }
        });
        int steps = arguments.path("diffusion_steps").asInt(STEPS);
        String schedule = arguments.path("noise_schedule").asText("linear");
        NoiseSchedule training = switch (schedule) {
            case "linear" -> NoiseSchedule.linear(steps);
            case "squaredcos_cap_v2" -> NoiseSchedule.squaredCosine(steps);
            default ->
                throw new IllegalArgumentException(
                        "the noise schedule '" + schedule + "' is not known, expected 'linear' or 'squaredcos_cap_v2'");
        };
        return new OriginalDiffusion(
                RespacedSchedule.of(training, timesteps(steps, arguments.path("timestep_respacing"))),
                new TrainingObjective(parameterization(arguments), loss(arguments)));
    }

    /** A fresh diffusion of a respacing alone, for networks with or without a learned variance. */
    static OriginalDiffusion respaced(JsonNode respacing, boolean learnsVariance) {
        return new OriginalDiffusion(
                RespacedSchedule.of(NoiseSchedule.linear(STEPS), timesteps(STEPS, respacing)),
                new TrainingObjective(
                        learnsVariance ? Parameterization.LEARNED_NOISE : Parameterization.PLAIN_NOISE, Loss.MSE));
    }

    /** The original's {@code space_timesteps}; a list counts per section, as does text with commas. */
    static int[] timesteps(int steps, JsonNode respacing) {
        if (respacing.isArray()) {
            return Respacing.sections(
                    steps,
                    StreamSupport.stream(respacing.spliterator(), false)
                            .mapToInt(JsonNode::asInt)
                            .toArray());
        }
        return Respacing.timesteps(steps, respacing.isNull() ? "" : respacing.asText());
    }

    private static Parameterization parameterization(JsonNode arguments) {
        Variance fixed = arguments.path("sigma_small").asBoolean() ? Variance.FIXED_SMALL : Variance.FIXED_LARGE;
        return new Parameterization(
                arguments.path("predict_xstart").asBoolean() ? Mean.START : Mean.NOISE,
                arguments.path("learn_sigma").asBoolean(true) ? Variance.LEARNED_RANGE : fixed);
    }

    private static Loss loss(JsonNode arguments) {
        if (arguments.path("use_kl").asBoolean()) {
            return Loss.RESCALED_KL;
        }
        return arguments.path("rescale_learned_sigmas").asBoolean() ? Loss.RESCALED_MSE : Loss.MSE;
    }

    NoiseSchedule schedule() {
        return respaced.schedule();
    }

    Parameterization parameterization() {
        return objective.parameterization();
    }

    /** The original's name of {@link Parameterization#mean}. */
    String meanType() {
        return parameterization().mean() == Mean.START ? "START_X" : "EPSILON";
    }

    /** The training schedule's steps that are kept, as the fixtures hold them. */
    long[] timestepMap() {
        return Arrays.stream(respaced.timestepMap()).asLongStream().toArray();
    }
}
