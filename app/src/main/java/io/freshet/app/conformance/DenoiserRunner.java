package io.freshet.app.conformance;

import io.freshet.diffusion.GuidedChannels;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.DenoiserNetwork;
import io.freshet.model.DenoiserScripts;
import io.freshet.model.DenoiserScripts.Observed;
import io.freshet.script.FlatParameters;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Networks that denoise: folded and unfolded forward passes, sub-modules, guidance, label dropout, folding, gradients. */
final class DenoiserRunner implements FixtureRunner {
    private static final double FORWARD = 2e-5;
    private static final double GRADIENT = 5e-4;
    private static final double FOLDED = 1e-6;

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        List<Long> shape = fixture.tensor("input.x").shape();
        if (shape.size() != 4 || !shape.get(2).equals(shape.get(3))) {
            throw new IllegalArgumentException(
                    "'input.x' has the shape " + shape + ", expected [rows, channels, S, S]");
        }
        int inputSize = shape.get(2).intValue();
        DenoiserConfig config =
                OriginalConstructors.config(fixture.json().path("kind").asText(), fixture.constructor(), inputSize);
        Map<String, Tensor> weights = fixture.below("weights.");
        Map<String, Tensor> folded = DenoiserScripts.fold(config, weights);
        checkFolded(fixture, folded, checks);
        checkInference(fixture, config, folded, device, checks);
        checkTraining(fixture, config, weights, device, checks);
    }

    private static void checkFolded(Fixture fixture, Map<String, Tensor> folded, Checks checks) {
        fixture.below("expected.folded.").forEach((name, expected) -> {
            String ours = name.replaceFirst("_(weight|bias)$", ".$1");
            Tensor actual = folded.get(ours);
            if (actual == null) {
                checks.fail("folded " + ours, FOLDED, "no such tensor is folded");
            } else {
                checks.close("folded " + ours, Numbers.doubles(expected), Numbers.doubles(actual), FOLDED);
            }
        });
    }

    private static void checkInference(
            Fixture fixture, DenoiserConfig config, Map<String, Tensor> folded, TorchDevice device, Checks checks) {
        Observed observed = DenoiserScripts.observed(config, folded, device);
        try (TorchModule network = TorchModule.load(observed.module(), device)) {
            Tensor x = fixture.tensor("input.x");
            Tensor y = fixture.tensor("input.y");
            List<Tensor> results = network.run("forward", x, Numbers.floats(fixture.tensor("input.t")), y);
            if (fixture.has("expected.out")) {
                checks.close("forward", fixture.tensor("expected.out"), results.get(0), FORWARD);
            }
            Map<String, Tensor> landmarks = new LinkedHashMap<>();
            for (int i = 0; i < observed.landmarks().size(); i++) {
                landmarks.put(observed.landmarks().get(i), results.get(i + 1));
            }
            fixture.below("expected.act.").forEach((name, expected) -> {
                Tensor actual = landmarks.get(name);
                if (actual == null) {
                    checks.fail("sub-module " + name, FORWARD, "our network has no landmark of that name");
                } else {
                    checks.close("sub-module " + name, expected, actual, FORWARD);
                }
            });
            if (fixture.has("input.t_frac")) {
                Tensor out = network.run("forward", x, Numbers.floats(fixture.tensor("input.t_frac")), y)
                        .get(0);
                checks.close("forward, fractional t", fixture.tensor("expected.out_t_frac"), out, FORWARD);
            }
            if (fixture.has("cfg.input.x")) {
                checkGuidance(fixture, config, network, checks);
            }
        }
    }

    /** The original runs the first half of x twice, with labels and null labels, and guides the output's first three channels. */
    private static void checkGuidance(Fixture fixture, DenoiserConfig config, TorchModule network, Checks checks) {
        float[] x = Numbers.floats(fixture.tensor("cfg.input.x")).floats();
        System.arraycopy(x, 0, x, x.length / 2, x.length / 2);
        Tensor shape = fixture.tensor("cfg.input.x");
        Tensor out = network.run(
                        "forward",
                        Tensor.of(x, shape.dimensions()),
                        Numbers.floats(fixture.tensor("cfg.input.t")),
                        fixture.tensor("cfg.input.y"))
                .get(0);
        int pixels = config.inputSize() * config.inputSize();
        int row = config.outChannels() * pixels;
        String prefix = "cfg.expected.scale_";
        fixture.below(prefix).forEach((scale, expected) -> {
            float[] guided = out.floats();
            int half = guided.length / 2;
            for (int at = 0; at < half; at += row) {
                GuidedChannels.FIRST_THREE.combine(
                        guided, at, half + at, config.outChannels(), pixels, Double.parseDouble(scale));
            }
            double[] conditional = Arrays.copyOf(Numbers.doubles(Tensor.of(guided, guided.length)), half);
            checks.close("guidance " + scale, Arrays.copyOf(Numbers.doubles(expected), half), conditional, FORWARD);
        });
    }

    private static void checkTraining(
            Fixture fixture, DenoiserConfig config, Map<String, Tensor> weights, TorchDevice device, Checks checks) {
        DenoiserNetwork network = config.network();
        Map<String, long[]> trained = new LinkedHashMap<>(network.parameters());
        trained.keySet().removeAll(network.frozen());
        FlatParameters flat = new FlatParameters(trained);
        Map<String, Tensor> constants = new LinkedHashMap<>(network.constants());
        network.frozen().forEach(name -> constants.put(name, weights.get(name)));
        ScriptModule script = new ScriptModule(constants, List.of(gradientMethod(config, flat)));
        try (TorchModule module = TorchModule.load(script, device)) {
            Tensor theta = Tensor.of(flat.pack(weights), flat.length());
            Tensor y = fixture.tensor("input.y");
            List<Tensor> results = run(module, fixture, theta, Collections.nCopies(network.labelEmbedders(), y));
            if (fixture.has("expected.out_train")) {
                checks.close("training forward", fixture.tensor("expected.out_train"), results.get(0), FORWARD);
            }
            if (fixture.has("expected.loss")) {
                checks.close(
                        "loss",
                        Numbers.doubles(fixture.tensor("expected.loss")),
                        Numbers.doubles(results.get(1)),
                        FORWARD);
            }
            Map<String, Tensor> gradients = flat.unpack(results.get(2).floats());
            fixture.below("grad.").forEach((name, expected) -> {
                Tensor actual = gradients.get(name);
                if (actual == null) {
                    checks.fail("gradient " + name, GRADIENT, "our network does not train it");
                } else {
                    checks.close("gradient " + name, expected, actual, GRADIENT);
                }
            });
            if (fixture.has("labeldrop.expected.out_train")) {
                Tensor out =
                        run(module, fixture, theta, dropped(fixture, config)).get(0);
                checks.close("label dropout", fixture.tensor("labeldrop.expected.out_train"), out, FORWARD);
            }
        }
    }

    private static List<Tensor> run(TorchModule module, Fixture fixture, Tensor theta, List<Tensor> labels) {
        List<Tensor> inputs =
                new ArrayList<>(List.of(theta, fixture.tensor("input.x"), Numbers.floats(fixture.tensor("input.t"))));
        inputs.addAll(labels);
        return module.runWithGradients("gradient", inputs.toArray(new Tensor[0]));
    }

    private static List<Tensor> dropped(Fixture fixture, DenoiserConfig config) {
        List<Tensor> labels = new ArrayList<>();
        for (int embedder = 1; embedder <= config.network().labelEmbedders(); embedder++) {
            long[] y = fixture.tensor("input.y").longs();
            String each = "labeldrop.input.mask_" + embedder;
            double[] mask = Numbers.doubles(fixture.tensor(fixture.has(each) ? each : "labeldrop.input.mask"));
            for (int i = 0; i < y.length; i++) {
                y[i] = mask[i] == 1 ? config.numClasses() : y[i];
            }
            labels.add(Tensor.of(y, y.length));
        }
        return labels;
    }

    /** {@code gradient(theta, x, t, y1, ...)} gives the output, its mean square, and the gradient of that. */
    private static String gradientMethod(DenoiserConfig config, FlatParameters flat) {
        Graph g = new Graph("gradient", flat::expression);
        Value theta = g.op("torch.requires_grad_", g.op("torch.detach", g.input("theta")));
        flat.split(g, theta);
        Value x = g.input("x");
        Value t = g.input("t");
        List<Value> labels = new ArrayList<>();
        for (int i = 1; i <= config.network().labelEmbedders(); i++) {
            labels.add(g.input("y" + i));
        }
        Value out = DenoiserScripts.trainable(g, config, x, t, labels);
        Value loss = g.op("torch.mean", g.mul(out, out));
        Value gradient = g.gradient(loss, theta);
        return g.results(List.of(g.op("torch.detach", out), g.op("torch.detach", loss), gradient));
    }
}
