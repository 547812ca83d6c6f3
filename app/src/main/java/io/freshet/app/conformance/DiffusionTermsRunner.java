package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.diffusion.ForwardProcess;
import io.freshet.diffusion.ReverseDistribution;
import io.freshet.diffusion.TrainingObjective;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.training.DiffusionLoss;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The forward process, what an output says about the reverse one, the losses, and their gradients by the output. */
final class DiffusionTermsRunner implements FixtureRunner {
    private static final double TOLERANCE = 1e-5;
    /** At step 0 the bound is a likelihood of 8-bit values, a difference of nearly equal float32 numbers. */
    private static final double LIKELIHOOD = 1e-3;

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        boolean first = true;
        for (Map.Entry<String, JsonNode> variant :
                fixture.json().path("variants").properties()) {
            OriginalDiffusion diffusion = OriginalDiffusion.of(variant.getValue());
            Terms terms = new Terms(fixture, diffusion, checks);
            if (first) { // the variants share the schedule, which is all that these depend on
                terms.checkForward();
                first = false;
            }
            String prefix = variant.getKey() + ".";
            terms.checkReverse(prefix, true);
            terms.checkReverse(prefix, false);
            terms.checkLoss(prefix, device);
        }
    }

    private static final class Terms {
        private final Fixture fixture;
        private final OriginalDiffusion diffusion;
        private final Checks checks;
        private final ForwardProcess forward;
        private final long[] steps;
        private final float[] start;
        private final float[] noise;
        private final long[] shape;
        private final int size;

        Terms(Fixture fixture, OriginalDiffusion diffusion, Checks checks) {
            this.fixture = fixture;
            this.diffusion = diffusion;
            this.checks = checks;
            this.forward = new ForwardProcess(diffusion.schedule());
            this.steps = fixture.tensor("input.t").longs();
            this.start = fixture.tensor("input.x_start").floats();
            this.noise = fixture.tensor("input.noise").floats();
            this.shape = fixture.tensor("input.x_start").dimensions();
            this.size = start.length / steps.length;
            for (long step : steps) {
                if (step < 0 || step >= forward.steps()) {
                    throw new IllegalArgumentException("input.t holds step " + step + ", expected 0 to "
                            + (forward.steps() - 1) + ", for it counts in the respaced schedule");
                }
            }
        }

        /** A formula for an element: the step, and the place of the element in the batch. */
        private interface Formula {
            float at(int step, int element);
        }

        private float[] all(Formula formula) {
            float[] values = new float[start.length];
            for (int k = 0; k < values.length; k++) {
                values[k] = formula.at((int) steps[k / size], k);
            }
            return values;
        }

        private void check(String name, Formula formula) {
            if (fixture.has(name)) {
                checks.close(name, fixture.tensor(name), Tensor.of(all(formula), shape), TOLERANCE);
            }
        }

        private float[] noisy() {
            return all((i, k) -> forward.sample(i, start[k], noise[k]));
        }

        void checkForward() {
            float[] noisy = noisy();
            check("expected.x_t", (i, k) -> noisy[k]);
            check("expected.q_mean", (i, k) -> forward.mean(i, start[k]));
            check("expected.q_variance", (i, k) -> forward.variance(i));
            check("expected.q_log_variance", (i, k) -> forward.logVariance(i));
            check("expected.q_posterior_mean", (i, k) -> forward.posteriorMean(i, start[k], noisy[k]));
            check("expected.q_posterior_variance", (i, k) -> forward.posteriorVariance(i));
            check("expected.q_posterior_log_variance", (i, k) -> forward.posteriorLogVariance(i));
            if (fixture.has("expected.prior_bpd")) {
                double[] bits = new double[steps.length];
                Arrays.setAll(bits, row -> forward.priorBits(start, row * size, size));
                checks.close(
                        "expected.prior_bpd", Numbers.doubles(fixture.tensor("expected.prior_bpd")), bits, TOLERANCE);
            }
        }

        void checkReverse(String variant, boolean clip) {
            ReverseDistribution reverse =
                    new ReverseDistribution(diffusion.schedule(), diffusion.parameterization(), clip);
            float[] noisy = noisy();
            Tensor output = output();
            float[] out = output.floats();
            int row = out.length / steps.length;
            float[] estimate = all((i, k) -> reverse.start(i, noisy[k], out[k / size * row + k % size]));
            float[] interpolation = diffusion.parameterization().learnsVariance()
                    ? all((i, k) -> out[k / size * row + size + k % size])
                    : new float[start.length];
            String prefix = variant + "p_mean_variance.clip" + (clip ? 1 : 0) + ".";
            check(prefix + "pred_xstart", (i, k) -> estimate[k]);
            check(prefix + "mean", (i, k) -> reverse.mean(i, noisy[k], estimate[k]));
            check(prefix + "variance", (i, k) -> reverse.variance(i, interpolation[k]));
            check(prefix + "log_variance", (i, k) -> reverse.logVariance(i, interpolation[k]));
        }

        /** The recorded output; its first half where the variance is fixed. */
        private Tensor output() {
            Tensor output = fixture.tensor("input.model_output");
            long[] needed = shape.clone();
            needed[1] *= diffusion.parameterization().learnsVariance() ? 2 : 1;
            if (Arrays.equals(output.dimensions(), needed)) {
                return output;
            }
            float[][] rows = Rows.of(output);
            int length = size * (int) (needed[1] / shape[1]);
            for (int i = 0; i < rows.length; i++) {
                rows[i] = Arrays.copyOf(rows[i], length);
            }
            return Tensor.of(Rows.join(rows), needed);
        }

        void checkLoss(String variant, TorchDevice device) {
            TrainingObjective objective = diffusion.objective();
            ScriptModule script = new ScriptModule(
                    Map.of(DiffusionLoss.TABLE, DiffusionLoss.table(diffusion.schedule())), List.of(lossMethod()));
            List<Tensor> results;
            try (TorchModule module = TorchModule.load(script, device)) {
                results = module.runWithGradients(
                        "loss",
                        fixture.tensor("input.x_start"),
                        fixture.tensor("input.noise"),
                        fixture.tensor("input.t"),
                        output());
            }
            int next = 0;
            Map<String, Tensor> actual = new LinkedHashMap<>();
            actual.put("loss_grad_wrt_model_output", results.get(next++));
            checks.close(variant + "x_t in the loss", Tensor.of(noisy(), shape), results.get(next++), TOLERANCE);
            actual.put("loss.loss", results.get(next++));
            if (objective.hasSquaredError()) {
                actual.put("loss.mse", results.get(next++));
            }
            if (objective.hasVariationalBound()) {
                actual.put("loss.vb", results.get(next));
            }
            fixture.below(variant + "loss").forEach((rest, expected) -> {
                Tensor ours = actual.get("loss" + rest);
                if (ours == null) {
                    checks.fail(variant + "loss" + rest, TOLERANCE, "our loss has no such term");
                } else {
                    boolean likelihood = objective.hasVariationalBound() && !rest.equals(".mse");
                    checkRows(variant + "loss" + rest, expected, ours, likelihood);
                }
            });
        }

        /** Rows at step 0 apart from the others, if their bound is a likelihood. */
        private void checkRows(String check, Tensor expected, Tensor actual, boolean likelihood) {
            if (!expected.shape().equals(actual.shape())) {
                checks.fail(check, TOLERANCE, "the shape is " + actual.shape() + ", expected " + expected.shape());
                return;
            }
            for (boolean zero : new boolean[] {true, false}) {
                double[] wanted = rows(expected, zero);
                if (wanted.length > 0) {
                    checks.close(
                            check + (zero ? ", step 0" : ""),
                            wanted,
                            rows(actual, zero),
                            zero && likelihood ? LIKELIHOOD : TOLERANCE);
                }
            }
        }

        private double[] rows(Tensor tensor, boolean zero) {
            double[] values = Numbers.doubles(tensor);
            int row = values.length / steps.length;
            List<Double> chosen = new ArrayList<>();
            for (int k = 0; k < values.length; k++) {
                if ((steps[k / row] == 0) == zero) {
                    chosen.add(values[k]);
                }
            }
            return chosen.stream().mapToDouble(Double::doubleValue).toArray();
        }

        /** {@code loss(x_0, noise, t, output)} gives the gradient of the mean loss by the output, x_t, and the loss's terms. */
        private String lossMethod() {
            Graph g = new Graph("loss", ScriptModule::attribute);
            Value x0 = g.input("x_0");
            Value drawn = g.input("noise");
            Value t = g.input("t");
            Value output = g.op("torch.requires_grad_", g.op("torch.detach", g.input("output")));
            List<Value> results = new ArrayList<>();
            DiffusionLoss.Terms terms = new DiffusionLoss(
                            g, (int) shape[1], diffusion.schedule().steps(), diffusion.objective())
                    .emit(x0, drawn, t, (noisy, time) -> {
                        results.add(noisy);
                        return output;
                    });
            results.add(0, g.gradient(g.op("torch.mean", terms.loss()), output));
            for (Value term : Arrays.asList(terms.loss(), terms.meanSquaredError(), terms.variationalBound())) {
                if (term != null) {
                    results.add(g.op("torch.detach", term));
                }
            }
            return g.results(results);
        }
    }
}
