package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.diffusion.GuidedChannels;
import io.freshet.script.FlatParameters;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers of the original Python code; tolerances are multiples of its own float32 noise. */
class UDitParityTest {
    private static final double FORWARD = 2e-5;
    private static final double GRADIENT = 5e-4;

    @ParameterizedTest
    @ValueSource(strings = {"udit_full_c3", "udit_full_c4"})
    void inferenceFormGivesTheOriginalsOutput(String name) throws IOException {
        Fixture fixture = Fixture.load(name);
        try (TorchModule network = fixture.inference()) {
            Tensor y = fixture.get("input.y");
            assertClose(
                    network.run("forward", fixture.get("input.x"), floats(fixture.get("input.t")), y)
                            .get(0),
                    fixture.get("expected.out"),
                    FORWARD);
            assertClose(
                    network.run("forward", fixture.get("input.x"), fixture.get("input.t_frac"), y)
                            .get(0),
                    fixture.get("expected.out_t_frac"),
                    FORWARD);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"udit_full_c3", "udit_full_c4"})
    void foldedWeightsAreTheOriginals(String name) throws IOException {
        Fixture fixture = Fixture.load(name);
        Map<String, Tensor> weights = fixture.weights();
        float[] before = weights.get("encoder_level_1.0.mlp1.dwconv.0.weight").floats();
        Map<String, Tensor> folded = DenoiserScripts.fold(fixture.config(), weights);
        String expected = "expected.folded.encoder_level_1.0.mlp1.";
        for (String part : List.of("project_in", "dwconv", "project_out")) {
            for (String kind : List.of("weight", "bias")) {
                assertClose(
                        folded.get("encoder_level_1.0.mlp1." + part + "." + kind),
                        fixture.get(expected + part + "_" + kind),
                        1e-6);
            }
        }
        assertThat(weights.get("encoder_level_1.0.mlp1.dwconv.0.weight").floats())
                .as("folding leaves its input alone")
                .isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"udit_full_c3", "udit_full_c4"})
    void trainableFormGivesTheOriginalsOutputAndGradients(String name) throws IOException {
        Fixture fixture = Fixture.load(name);
        FlatParameters flat = new FlatParameters(UDitParameters.of(fixture.config()));
        Tensor y = fixture.get("input.y");
        try (TorchModule network = fixture.trainable(flat)) {
            Tensor theta = Tensor.of(flat.pack(fixture.weights()), flat.length());
            List<Tensor> results = network.runWithGradients(
                    "gradient", theta, fixture.get("input.x"), floats(fixture.get("input.t")), y, y, y);
            assertClose(results.get(0), fixture.get("expected.out_train"), FORWARD);
            assertClose(results.get(1), fixture.get("expected.loss"), FORWARD);
            flat.unpack(results.get(2).floats())
                    .forEach((parameter, gradient) ->
                            assertClose(parameter, gradient, fixture.get("grad." + parameter), GRADIENT));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"udit_full_c3", "udit_full_c4"})
    void eachLevelDropsLabelsOnItsOwn(String name) throws IOException {
        Fixture fixture = Fixture.load(name);
        FlatParameters flat = new FlatParameters(UDitParameters.of(fixture.config()));
        List<Tensor> dropped = new ArrayList<>();
        for (int level = 1; level <= 3; level++) {
            long[] y = fixture.get("input.y").longs();
            long[] mask = fixture.get("labeldrop.input.mask_" + level).longs();
            for (int i = 0; i < y.length; i++) {
                y[i] = mask[i] == 1 ? fixture.config().numClasses() : y[i];
            }
            dropped.add(Tensor.of(y, y.length));
        }
        try (TorchModule network = fixture.trainable(flat)) {
            Tensor theta = Tensor.of(flat.pack(fixture.weights()), flat.length());
            Tensor out = network.runWithGradients(
                            "gradient",
                            theta,
                            fixture.get("input.x"),
                            floats(fixture.get("input.t")),
                            dropped.get(0),
                            dropped.get(1),
                            dropped.get(2))
                    .get(0);
            assertClose(out, fixture.get("labeldrop.expected.out_train"), FORWARD);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"udit_full_c3", "udit_full_c4"})
    void guidanceGivesTheOriginalsConditionalRows(String name) throws IOException {
        Fixture fixture = Fixture.load(name);
        int channels = fixture.config().inChannels();
        int side = fixture.config().inputSize();
        float[] x = fixture.get("cfg.input.x").floats();
        int half = x.length / 2; // the original ignores the second half and repeats the first
        System.arraycopy(x, 0, x, half, half);
        long[] shape = fixture.get("cfg.input.x").dimensions();
        try (TorchModule network = fixture.inference()) {
            float[] out = network.run(
                            "forward",
                            Tensor.of(x, shape),
                            floats(fixture.get("cfg.input.t")),
                            fixture.get("cfg.input.y"))
                    .get(0)
                    .floats();
            for (String scale : List.of("1.5", "4.0")) {
                float[] guided = out.clone();
                int row = 2 * channels * side * side;
                for (int i = 0; i < shape[0] / 2; i++) {
                    GuidedChannels.FIRST_THREE.combine(
                            guided,
                            i * row,
                            guided.length / 2 + i * row,
                            channels,
                            side * side,
                            Double.parseDouble(scale));
                }
                assertClose(
                        "scale " + scale,
                        Tensor.of(Arrays.copyOf(guided, guided.length / 2), guided.length / 2),
                        Tensor.of(
                                Arrays.copyOf(
                                        fixture.get("cfg.expected.scale_" + scale)
                                                .floats(),
                                        guided.length / 2),
                                guided.length / 2),
                        FORWARD);
            }
        }
    }

    private record Fixture(UDitConfig config, Map<String, Tensor> tensors) {
        static Fixture load(String name) throws IOException {
            Path folder = Path.of("src/test/resources/fixtures/udit");
            JsonNode constructor = new ObjectMapper()
                    .readTree(folder.resolve(name + ".json").toFile())
                    .get("constructor");
            List<Integer> depth = new ArrayList<>();
            constructor.get("depth").forEach(d -> depth.add(d.asInt()));
            UDitConfig config = UDitConfig.paper(
                    constructor.get("input_size").asInt(),
                    constructor.get("in_channels").asInt(),
                    constructor.get("hidden_size").asInt(),
                    depth,
                    constructor.get("num_heads").asInt(),
                    constructor.get("mlp_ratio").asInt(),
                    constructor.get("num_classes").asInt());
            return new Fixture(
                    config,
                    SafeTensors.read(folder.resolve(name + ".safetensors")).tensors());
        }

        Tensor get(String name) {
            return tensors.get(name);
        }

        Map<String, Tensor> weights() {
            Map<String, Tensor> weights = new LinkedHashMap<>();
            tensors.forEach((name, tensor) -> {
                if (name.startsWith("weights.")) {
                    weights.put(name.substring("weights.".length()), tensor);
                }
            });
            return weights;
        }

        TorchModule inference() {
            return TorchModule.load(DenoiserScripts.inference(config, DenoiserScripts.fold(config, weights())));
        }

        /** {@code gradient(theta, x, t, y1, y2, y3)} gives the output, its mean square, and the gradient of that. */
        TorchModule trainable(FlatParameters flat) {
            Graph g = new Graph("gradient", flat::expression);
            Value theta = g.op("torch.requires_grad_", g.op("torch.detach", g.input("theta")));
            flat.split(g, theta);
            Value x = g.input("x");
            Value t = g.input("t");
            List<Value> labels = List.of(g.input("y1"), g.input("y2"), g.input("y3"));
            Value out = DenoiserScripts.trainable(g, config, x, t, labels);
            Value loss = g.op("torch.mean", g.mul(out, out));
            Value gradient = g.gradient(loss, theta);
            String source = g.results(List.of(g.op("torch.detach", out), g.op("torch.detach", loss), gradient));
            return TorchModule.load(new ScriptModule(config.network().constants(), List.of(source)));
        }
    }

    private static Tensor floats(Tensor longs) {
        long[] from = longs.longs();
        float[] to = new float[from.length];
        for (int i = 0; i < to.length; i++) {
            to[i] = from[i];
        }
        return Tensor.of(to, to.length);
    }

    private static void assertClose(Tensor actual, Tensor expected, double tolerance) {
        assertClose("output", actual, expected, tolerance);
    }

    private static void assertClose(String what, Tensor actual, Tensor expected, double tolerance) {
        float[] a = actual.floats();
        float[] b = expected.floats();
        assertThat(a).as(what).hasSameSizeAs(b);
        double worst = 0;
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            worst = Math.max(worst, Math.abs(a[i] - b[i]));
            largest = Math.max(largest, Math.abs(b[i]));
        }
        assertThat(worst).as(what + ": largest difference").isLessThanOrEqualTo(tolerance * largest);
    }
}
