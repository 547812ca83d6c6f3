package io.freshet.training;

import io.freshet.diffusion.NoiseSchedule;
import io.freshet.model.DenoiserScripts;
import io.freshet.model.UDitConfig;
import io.freshet.model.UDitParameters;
import io.freshet.script.FlatParameters;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One optimizer step as one TorchScript method: loss, gradient, clipping, AdamW and the moving average of the weights.
 *
 * <p>Parameters, both moments and the average live in the module as flat vectors of P numbers and are changed in place, so that
 * nothing but the batch crosses into LibTorch and nothing but three numbers comes back.
 */
final class TrainingScript implements AutoCloseable {
    private static final String PARAMETERS = "theta";
    private static final String FIRST_MOMENT = "moment1";
    private static final String SECOND_MOMENT = "moment2";
    private static final String AVERAGE = "average";

    private final FlatParameters layout;
    private final TorchModule module;

    /**
     * Builds the graph and loads it.
     *
     * @param start what to begin with; moments are zero and the average equals the parameters in a new run
     */
    TrainingScript(UDitConfig config, NoiseSchedule schedule, AdamW adamW, State start) {
        layout = new FlatParameters(UDitParameters.of(config));
        int length = layout.length();
        Map<String, Tensor> tensors = new LinkedHashMap<>(config.network().constants());
        tensors.put(DiffusionLoss.TABLE, DiffusionLoss.table(schedule));
        tensors.put(PARAMETERS, Tensor.of(start.parameters(), length));
        tensors.put(FIRST_MOMENT, Tensor.of(start.firstMoment(), length));
        tensors.put(SECOND_MOMENT, Tensor.of(start.secondMoment(), length));
        tensors.put(AVERAGE, Tensor.of(start.average(), length));
        module = TorchModule.load(new ScriptModule(tensors, List.of(step(config, adamW), state())));
    }

    /**
     * Constants of AdamW (Loshchilov and Hutter 2019).
     *
     * @param beta1 decay of the first moment
     * @param beta2 decay of the second moment
     * @param epsilon added to the root of the second moment
     * @param weightDecay decoupled decay per unit of learning rate
     */
    record AdamW(double beta1, double beta2, double epsilon, double weightDecay) {
        static final AdamW DEFAULT = new AdamW(0.9, 0.999, 1e-8, 0);
    }

    /**
     * All that a run is made of, flat, in the order of {@link UDitParameters}.
     *
     * @param parameters θ
     * @param firstMoment m
     * @param secondMoment v
     * @param average moving average of θ
     */
    record State(float[] parameters, float[] firstMoment, float[] secondMoment, float[] average) {
        /** A run that begins. */
        static State begin(float[] parameters) {
            return new State(
                    parameters, new float[parameters.length], new float[parameters.length], parameters.clone());
        }
    }

    /**
     * Means over the batch.
     *
     * @param loss what is minimised
     * @param meanSquaredError of the noise prediction
     * @param variationalBound in bits per dimension
     * @param gradientNorm before clipping
     */
    record Losses(double loss, double meanSquaredError, double variationalBound, double gradientNorm) {}

    /**
     * A batch with all its randomness drawn.
     *
     * @param start x_0, [B, C, S, S]
     * @param noise [B, C, S, S]
     * @param timesteps [B] int64
     * @param labels three of [B] int64, one for each label embedder, dropped independently
     */
    record Batch(Tensor start, Tensor noise, Tensor timesteps, List<Tensor> labels) {}

    /**
     * Takes one step.
     *
     * @param step number of this step, from 1, for the bias correction
     * @param learningRate of this step
     * @param maxGradientNorm the gradient is scaled down to this norm; infinite for no clipping
     * @param averageDecay of the moving average in this step
     */
    Losses step(Batch batch, long step, double learningRate, double maxGradientNorm, double averageDecay, AdamW adamW) {
        double correction1 = 1 - Math.pow(adamW.beta1(), step);
        double correction2 = 1 - Math.pow(adamW.beta2(), step);
        Tensor scalars = Tensor.of(
                new double[] {
                    -learningRate / correction1,
                    Math.sqrt(correction2),
                    1 - learningRate * adamW.weightDecay(),
                    Math.min(maxGradientNorm, Float.MAX_VALUE),
                    averageDecay
                },
                5);
        float[] result = module.runWithGradients(
                        "step",
                        batch.start(),
                        batch.noise(),
                        batch.timesteps(),
                        batch.labels().get(0),
                        batch.labels().get(1),
                        batch.labels().get(2),
                        scalars)
                .get(0)
                .floats();
        return new Losses(result[0], result[1], result[2], result[3]);
    }

    /** A copy of the run as it stands. */
    State copyState() {
        List<Tensor> state = module.run("state");
        return new State(
                state.get(0).floats(),
                state.get(1).floats(),
                state.get(2).floats(),
                state.get(3).floats());
    }

    /** Takes a flat vector apart by parameter name. */
    Map<String, Tensor> unpack(float[] vector) {
        return layout.unpack(vector);
    }

    private String step(UDitConfig config, AdamW adamW) {
        Graph g = new Graph("step", layout::expression);
        Value start = g.input("start");
        Value noise = g.input("noise");
        Value t = g.input("timesteps");
        List<Value> labels = List.of(g.input("labels1"), g.input("labels2"), g.input("labels3"));
        Value scalars = g.input("scalars");

        Value theta = g.op("torch.detach", g.parameter(PARAMETERS));
        Value tracked = g.op("torch.requires_grad_", g.op("torch.detach", theta));
        layout.split(g, tracked);
        DiffusionLoss.Terms terms = new DiffusionLoss(g, config.inChannels())
                .emit(start, noise, t, (x, time) -> DenoiserScripts.trainable(g, config, x, time, labels));
        Value gradient = g.op("torch.detach", g.gradient(terms.loss(), tracked));

        Value norm = g.op("torch.norm", gradient);
        Value clip = g.op("torch.clamp_max", g.op("torch.div", scalar(g, scalars, 3), g.add(norm, 1e-6)), 1);
        update(g, adamW, theta, g.mul(gradient, clip), scalars);
        return g.result(g.op(
                "torch.stack",
                List.of(
                        g.op("torch.detach", terms.loss()),
                        g.op("torch.detach", terms.meanSquaredError()),
                        g.op("torch.detach", terms.variationalBound()),
                        norm)));
    }

    /** AdamW, then the moving average. */
    private static void update(Graph g, AdamW adamW, Value theta, Value gradient, Value scalars) {
        Value first = g.parameter(FIRST_MOMENT);
        Value second = g.parameter(SECOND_MOMENT);
        Value average = g.parameter(AVERAGE);
        g.run("torch.mul_", first, adamW.beta1());
        g.run("torch.add_", first, g.mul(gradient, 1 - adamW.beta1()));
        g.run("torch.mul_", second, adamW.beta2());
        g.run("torch.add_", second, g.mul(g.mul(gradient, gradient), 1 - adamW.beta2()));
        Value root = g.op("torch.div", g.op("torch.sqrt", second), scalar(g, scalars, 1));
        Value direction = g.op("torch.div", first, g.add(root, adamW.epsilon()));
        g.run("torch.mul_", theta, scalar(g, scalars, 2));
        g.run("torch.add_", theta, g.mul(direction, scalar(g, scalars, 0)));
        Value decay = scalar(g, scalars, 4);
        g.run("torch.mul_", average, decay);
        g.run("torch.add_", average, g.mul(theta, g.emit("torch.rsub(" + decay + ", 1)")));
    }

    private static Value scalar(Graph g, Value scalars, int index) {
        return g.op("torch.select", scalars, 0, index);
    }

    private static String state() {
        Graph g = new Graph("state", ScriptModule::attribute);
        return g.results(List.of(
                g.op("torch.clone", g.parameter(PARAMETERS)),
                g.op("torch.clone", g.parameter(FIRST_MOMENT)),
                g.op("torch.clone", g.parameter(SECOND_MOMENT)),
                g.op("torch.clone", g.parameter(AVERAGE))));
    }

    @Override
    public void close() {
        module.close();
    }
}
