package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.DenoiserScripts;
import io.freshet.script.FlatParameters;
import io.freshet.script.TorchDevice;
import io.freshet.training.TrainingScript;
import io.freshet.training.TrainingScript.AdamW;
import io.freshet.training.TrainingScript.Batch;
import io.freshet.training.TrainingScript.Losses;
import io.freshet.training.TrainingScript.Recipe;
import io.freshet.training.TrainingScript.State;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The inner loop of training with recorded timesteps and noise: losses, and where parameters and their average end. */
final class TrainStepsRunner implements FixtureRunner {
    private static final List<String> LOSSES = List.of("loss", "mse", "vb");
    private static final double LOSS = 5e-4;
    private static final double CLOSE = 0.01;
    private static final double FARTHEST = 2;
    private static final double STRAYING = 0.001;

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        int size = fixture.tensor("input.x").shape().get(3).intValue();
        DenoiserConfig config =
                OriginalConstructors.config(fixture.json().path("class").asText("U_DiT"), fixture.constructor(), size);
        JsonNode arguments = fixture.json().path("create_diffusion");
        OriginalDiffusion diffusion = arguments.isObject()
                ? OriginalDiffusion.of(arguments)
                : OriginalDiffusion.respaced(TextNode.valueOf(""), config.learnsSigma());
        JsonNode optimizer = fixture.json().path("optimizer");
        Recipe recipe = new Recipe(config, diffusion.schedule(), diffusion.objective(), adamW(optimizer));
        double learningRate = optimizer.path("lr").asDouble();
        double decay = fixture.json().path("ema_decay").asDouble();
        int steps = fixture.tensor("input.t").shape().get(0).intValue();

        Map<String, Tensor> weights = fixture.below("weights.");
        DenoiserScripts.requireParameters(config, weights);
        FlatParameters layout = TrainingScript.layout(config);
        State begin = State.begin(layout.pack(weights));
        State end;
        try (TrainingScript script = new TrainingScript(recipe, weights, begin, device)) {
            for (int step = 0; step < steps; step++) {
                Losses losses = script.step(
                        batch(fixture, step, config.network().labelEmbedders()),
                        step + 1,
                        learningRate,
                        Double.POSITIVE_INFINITY,
                        decay);
                checkLosses(fixture, step, losses, checks);
            }
            end = script.copyState();
        }
        double reach = learningRate * steps;
        double rounding = steps * (double) Math.ulp(1f);
        checkEnd(fixture, "expected.model.", weights, layout.unpack(end.parameters()), reach, rounding, checks);
        checkEnd(
                fixture, "expected.ema.", weights, layout.unpack(end.average()), reach * (1 - decay), rounding, checks);
    }

    private static AdamW adamW(JsonNode optimizer) {
        String name = optimizer.path("name").asText("AdamW");
        if (!name.equals("AdamW")) {
            throw new IllegalArgumentException("the optimizer '" + name + "' is not known, expected 'AdamW'");
        }
        JsonNode betas = optimizer.path("betas");
        return new AdamW(
                betas.path(0).asDouble(AdamW.DEFAULT.beta1()),
                betas.path(1).asDouble(AdamW.DEFAULT.beta2()),
                optimizer.path("eps").asDouble(AdamW.DEFAULT.epsilon()),
                optimizer.path("weight_decay").asDouble());
    }

    private static void checkLosses(Fixture fixture, int step, Losses losses, Checks checks) {
        Tensor all = fixture.tensor("expected.losses");
        int columns = all.shape().get(1).intValue();
        double[] expected = Arrays.copyOfRange(Numbers.doubles(all), step * columns, (step + 1) * columns);
        double[] actual = {losses.loss(), losses.meanSquaredError(), losses.variationalBound()};
        for (int i = 0; i < Math.min(columns, actual.length); i++) {
            checks.close(LOSSES.get(i) + " of step " + (step + 1), expected[i], actual[i], LOSS);
        }
    }

    private static Batch batch(Fixture fixture, int step, int embedders) {
        Tensor x = fixture.tensor("input.x");
        long[] shape = Arrays.copyOfRange(x.dimensions(), 1, x.shape().size());
        Tensor labels = Rows.longs(fixture.tensor("input.y"), step);
        return new Batch(
                Tensor.of(Rows.join(Rows.of(x, step)), shape),
                Tensor.of(Rows.join(Rows.of(fixture.tensor("input.noise"), step)), shape),
                Rows.longs(fixture.tensor("input.t"), step),
                Collections.nCopies(embedders, labels));
    }

    /**
     * Adam divides by the gradient's size, so where that is next to nothing the update may go either way: 999 of 1000 elements
     * must be close, and none farther off than two steps in opposite directions.
     */
    private static void checkEnd(
            Fixture fixture,
            String prefix,
            Map<String, Tensor> weights,
            Map<String, Tensor> trained,
            double reach,
            double relativeRounding,
            Checks checks) {
        Map<String, Tensor> expected = fixture.below(prefix);
        if (expected.isEmpty()) {
            return;
        }
        Map<String, Tensor> actual = new LinkedHashMap<>(weights);
        actual.putAll(trained);
        long elements = 0;
        long straying = 0;
        double farthest = 0;
        List<String> missing = new ArrayList<>();
        for (Map.Entry<String, Tensor> entry : expected.entrySet()) {
            Tensor ours = actual.get(entry.getKey());
            if (ours == null || !ours.shape().equals(entry.getValue().shape())) {
                missing.add(entry.getKey() + " " + entry.getValue().shape());
                continue;
            }
            double[] a = Numbers.doubles(ours);
            double[] b = Numbers.doubles(entry.getValue());
            for (int i = 0; i < a.length; i++) {
                double difference = Math.abs(a[i] - b[i]);
                double rounding = relativeRounding * Math.abs(b[i]);
                farthest = Math.max(farthest, Math.max(0, difference - rounding) / reach);
                straying += difference <= CLOSE * reach + rounding ? 0 : 1;
            }
            elements += a.length;
        }
        if (!missing.isEmpty()) {
            checks.fail(prefix + "*", 0, "our network has no parameters " + missing);
        }
        checks.measured(prefix + "* farthest, over lr times steps", farthest, FARTHEST);
        checks.measured(prefix + "* part that strays", straying / (double) elements, STRAYING);
    }
}
