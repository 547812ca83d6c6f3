package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.diffusion.Sampler;
import io.freshet.diffusion.transport.DiffusionForm;
import io.freshet.diffusion.transport.Interpolant;
import io.freshet.diffusion.transport.Target;
import io.freshet.weights.Tensor;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the fixtures of SiT's transport have in common: names of cases, the toy network, and notes where a run failed. */
final class TransportCases {
    /** The tolerance of trajectories, where nothing else is known. */
    static final double FIXED_STEP = 1e-5;

    /** By how much we may differ from a result that the original itself has only up to its rounding. */
    private static final double ROUNDING_MARGIN = 1.5;

    private TransportCases() {}

    /** One case of a description. */
    @FunctionalInterface
    interface Case {
        /**
         * Compares it.
         *
         * @param parts of the name, which dots separate
         */
        void check(String name, String[] parts, JsonNode details);
    }

    /** Every case by itself, so that a malformed one does not hide the others. */
    static void forEach(JsonNode cases, Checks checks, Case body) {
        for (Map.Entry<String, JsonNode> entry : cases.properties()) {
            String name = entry.getKey();
            try {
                body.check(name, name.split("\\.", -1), entry.getValue());
            } catch (RuntimeException e) {
                checks.fail(name, 0, e.getClass().getSimpleName() + ": " + e.getMessage());
            }
        }
    }

    static Interpolant path(String name) {
        return Interpolant.valueOf(name.toUpperCase(Locale.ROOT));
    }

    static Target target(String name) {
        return Target.valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** The original looks for one of the forms under a misspelt name. */
    static DiffusionForm form(String name) {
        return DiffusionForm.fromWireName(name.equals("inccreasing-decreasing") ? "increasing-decreasing" : name);
    }

    /** How many points a run has; one that failed does not tell, and had as many as its neighbours. */
    static int points(JsonNode runs, JsonNode details) {
        JsonNode own = details.path("num_steps");
        return own.isInt() ? own.asInt() : runs.findPath("num_steps").asInt();
    }

    /** The toy network, −x t + sin x. */
    static float[] toy(float[] x, float t) {
        float[] output = new float[x.length];
        for (int k = 0; k < x.length; k++) {
            output[k] = (float) toy(x[k], t);
        }
        return output;
    }

    static double toy(double x, double t) {
        return -x * t + Math.sin(x);
    }

    /** The sampler, or null if it is refused; rightly so only where the original has no finite numbers either. */
    static @Nullable Sampler unlessRefused(
            String name, Fixture fixture, JsonNode details, Supplier<Sampler> sampler, Checks checks) {
        try {
            return sampler.get();
        } catch (IllegalArgumentException refusal) {
            Tensor expected = fixture.tensors().get(name + ".expected");
            if (details.isTextual() || (expected != null && !isFinite(Numbers.doubles(expected)))) {
                checks.measured(name + ", which is singular, is refused", 0, 0);
            } else {
                checks.fail(name, FIXED_STEP, "refused: " + refusal.getMessage());
            }
            return null;
        }
    }

    /** Compares states; with more tolerance where the original's own rounding, which the fixture tells, is as large. */
    static void states(
            String name, Fixture fixture, JsonNode details, double[] actual, double tolerance, Checks checks) {
        double rounding =
                details.path("float32_vs_float64").path("max_rel_to_absmax").asDouble(0);
        checks.close(
                name,
                Numbers.doubles(fixture.tensor(name + ".expected")),
                actual,
                Math.max(tolerance, ROUNDING_MARGIN * rounding));
    }

    /** Requires finite numbers of a run of which the original, by the note in its place, recorded none. */
    static void finite(String name, String note, double[] states, Checks checks) {
        checks.equal(name + ", finite despite \"" + note + "\"", true, isFinite(states));
    }

    private static boolean isFinite(double[] values) {
        for (double value : values) {
            if (!Double.isFinite(value)) {
                return false;
            }
        }
        return true;
    }
}
