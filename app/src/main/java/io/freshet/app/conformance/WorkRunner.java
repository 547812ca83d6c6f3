package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.ModelPreset;
import io.freshet.model.MultiplyAccumulates;
import io.freshet.model.ParameterCounts;
import io.freshet.model.Presets;
import io.freshet.script.TorchDevice;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** Multiply-accumulates and sizes: of published models by name, and of others by the arguments of their constructors. */
final class WorkRunner implements FixtureRunner {
    private static final double FOUR_DIGITS = 5.001e-5;

    /** A counter that is not ours, of a trace in which some products are constants. */
    private static final double OTHER_COUNTER = 1e-4;

    /** Papers leave elementwise products out, or not. */
    private static final double PAPER = 2e-3;

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        fixture.json()
                .path("models")
                .fields()
                .forEachRemaining(entry -> checkPublished(entry.getKey(), entry.getValue(), checks));
        fixture.json()
                .path("cases")
                .fields()
                .forEachRemaining(entry -> checkCustom(entry.getKey(), entry.getValue(), checks));
    }

    private static void checkPublished(String name, JsonNode expected, Checks checks) {
        Optional<ModelPreset> preset = Presets.find(name);
        if (preset.isEmpty()) {
            checks.fail(name, 0, "there is no preset '" + name + "'");
            return;
        }
        check(name, expected, preset.get().config(), checks);
        if (expected.path("paper_GFLOPs").isNumber()) {
            double paper = expected.path("paper_GFLOPs").asDouble();
            checks.equal(
                    name + ": paper_GFLOPs",
                    OptionalDouble.of(paper),
                    preset.get().paperGigaMacs());
            long folded = work(preset.get().config(), true).withElementwise();
            checks.close(name + ": paper_GFLOPs, counted", paper, folded / 1e9, PAPER);
        }
    }

    private static void checkCustom(String name, JsonNode expected, Checks checks) {
        JsonNode arguments = expected.path("constructor");
        String kind = expected.path("kind").asText("U_DiT");
        try {
            int inputSize = arguments.path("input_size").asInt(32);
            check(name, expected, OriginalConstructors.config(kind, arguments, inputSize), checks);
        } catch (IllegalArgumentException e) {
            checks.fail(name, 0, String.valueOf(e.getMessage()));
        }
    }

    private static void check(String name, JsonNode expected, DenoiserConfig config, Checks checks) {
        ParameterCounts counts = ParameterCounts.of(config.network());
        Map<String, Long> numbers = new TreeMap<>(Map.of(
                "params", counts.total(),
                "params_trainable", counts.trained(),
                "params_folded", counts.folded(),
                "params_folded_inference", counts.folded(),
                "params_label_tables", counts.labelTables()));
        numbers.forEach((field, actual) -> equal(name, expected, field, actual, checks));
        checkWork(name + ", folded", firstOf(expected, "eval", "macs_eval"), work(config, true), checks);
        checkWork(
                name + ", unfolded",
                firstOf(expected, "train_unfolded", "macs_train_unfolded"),
                work(config, false),
                checks);
        if (expected.has("real_torchprofile_eval")) {
            checks.close(
                    name + ": real_torchprofile_eval",
                    expected.path("real_torchprofile_eval").asDouble(),
                    work(config, true).withElementwise(),
                    OTHER_COUNTER);
        }
    }

    private static MultiplyAccumulates work(DenoiserConfig config, boolean folded) {
        return config.network().multiplyAccumulates(folded);
    }

    private static JsonNode firstOf(JsonNode json, String field, String otherField) {
        return json.has(field) ? json.path(field) : json.path(otherField);
    }

    private static void checkWork(String name, JsonNode expected, MultiplyAccumulates work, Checks checks) {
        equal(name, expected, "conv", work.convolution(), checks);
        equal(name, expected, "linear", work.linear(), checks);
        equal(name, expected, "attention_matmul", work.attention(), checks);
        equal(name, expected, "elementwise_mul", work.elementwise(), checks);
        Map<String, Long> sums = new TreeMap<>(Map.of(
                "G_conv_linear", work.convolution() + work.linear(),
                "G_conv_linear_attn", work.total(),
                "G_torchprofile_style", work.withElementwise()));
        sums.forEach((field, actual) -> {
            if (expected.has(field)) {
                double error = Math.abs(expected.path(field).asDouble() - actual / 1e9);
                checks.measured(name + ": " + field, error, FOUR_DIGITS);
            }
        });
    }

    private static void equal(String name, JsonNode expected, String field, long actual, Checks checks) {
        if (expected.has(field)) {
            checks.equal(name + ": " + field, expected.path(field).asLong(), actual);
        }
    }
}
