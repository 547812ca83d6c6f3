package io.freshet.model;

import io.freshet.diffusion.CounterNoise;
import io.freshet.script.FlatParameters;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small networks whose weights are all noise, and what they make of an input of noise. */
final class UDitSamples {
    static final int ROWS = 2;

    private UDitSamples() {}

    /** Weights that keep the size of what they multiply; none is zero, as adaLN's are in a run that begins. */
    static Map<String, Tensor> weights(UDitConfig config) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        UDitParameters.of(config).forEach((name, shape) -> {
            float[] values = noise(weights.size(), (int) ParameterCounts.numbers(Map.of(name, shape)));
            float deviation = (float) Math.min(0.3, Math.sqrt(shape[0] / (double) values.length));
            for (int i = 0; i < values.length; i++) {
                values[i] *= deviation;
            }
            weights.put(name, Tensor.of(values, shape));
        });
        return weights;
    }

    static Tensor x(UDitConfig config) {
        int side = config.inputSize();
        float[] values = noise(1_000_000, ROWS * config.inChannels() * side * side);
        return Tensor.of(values, ROWS, config.inChannels(), side, side);
    }

    static Tensor t() {
        return Tensor.of(new float[] {3, 700}, ROWS);
    }

    static Tensor labels() {
        return Tensor.of(new long[] {0, 1}, ROWS);
    }

    /** What the folded form predicts. */
    static float[] predict(UDitConfig config, Map<String, Tensor> weights, Graph.Operators operators) {
        ScriptModule module = DenoiserScripts.inference(config, DenoiserScripts.fold(config, weights), operators);
        try (TorchModule network = TorchModule.load(module)) {
            return network.run("forward", x(config), t(), labels()).get(0).floats();
        }
    }

    /** What the folded form predicts. */
    static float[] predict(UDitConfig config, Map<String, Tensor> weights) {
        return predict(config, weights, Graph.Operators.CURRENT);
    }

    /** Outputs of modules in the folded form. */
    static Map<String, Tensor> landmarks(UDitConfig config, Map<String, Tensor> weights) {
        DenoiserScripts.Observed observed =
                DenoiserScripts.observed(config, DenoiserScripts.fold(config, weights), TorchDevice.CPU);
        try (TorchModule network = TorchModule.load(observed.module())) {
            List<Tensor> results = network.run("forward", x(config), t(), labels());
            Map<String, Tensor> landmarks = new LinkedHashMap<>();
            for (int i = 0; i < observed.landmarks().size(); i++) {
                landmarks.put(observed.landmarks().get(i), results.get(i + 1));
            }
            return landmarks;
        }
    }

    /**
     * The trainable form: {@code gradient(theta, x, t, y)} gives the output, its mean square and the gradient of that, with the same
     * labels for all embedders.
     */
    static TorchModule trainable(UDitConfig config, FlatParameters layout) {
        Graph g = new Graph("gradient", layout::expression);
        Value theta = g.op("torch.requires_grad_", g.op("torch.detach", g.input("theta")));
        layout.split(g, theta);
        Value x = g.input("x");
        Value t = g.input("t");
        Value y = g.input("y");
        Value out = DenoiserScripts.trainable(g, config, x, t, List.of(y, y, y));
        Value loss = g.op("torch.mean", g.mul(out, out));
        Value gradient = g.gradient(loss, theta);
        String source = g.results(List.of(g.op("torch.detach", out), g.op("torch.detach", loss), gradient));
        return TorchModule.load(new ScriptModule(config.network().constants(), List.of(source)));
    }

    /** Standard normal. */
    static float[] noise(long stream, int length) {
        float[] values = new float[length];
        CounterNoise.fill(7, stream, CounterNoise.INITIAL, values);
        return values;
    }

    /** Largest difference over the largest magnitude. */
    static double relativeError(float[] expected, float[] actual) {
        double difference = actual.length == expected.length ? 0 : Double.NaN;
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            difference = Math.max(difference, Math.abs(expected[i] - actual[i]));
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return difference / largest;
    }
}
