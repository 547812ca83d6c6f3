package io.freshet.training;

import io.freshet.diffusion.NoiseSchedule;
import io.freshet.diffusion.TrainingObjective;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.DenoiserScripts;
import io.freshet.script.FlatParameters;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One optimizer step as one TorchScript method: loss, gradient, clipping, AdamW and the moving average of the weights.
 *
 * <p>Parameters, both moments and the average live in the module as flat vectors of P numbers and are changed in place, so that
 * nothing but the batch crosses into LibTorch and nothing but a few numbers comes back. Not thread-safe; to be closed.
 */
public final class TrainingScript implements AutoCloseable {
    private static final String PARAMETERS = "theta";
    private static final String FIRST_MOMENT = "moment1";
    private static final String SECOND_MOMENT = "moment2";
    private static final String AVERAGE = "average";

    private final Recipe recipe;
    private final FlatParameters layout;
    private final TorchModule module;

    /**
     * Builds the graph and loads it.
     *
     * @param frozen the network's tensors that are not trained, by name
     * @param start what to begin with, laid out by {@link #layout}
     * @param device where to train
     * @throws IllegalArgumentException if a frozen tensor is missing, or the vectors are not as long as the layout
     */
    public TrainingScript(Recipe recipe, Map<String, Tensor> frozen, State start, TorchDevice device) {
        this.recipe = recipe;
        this.layout = layout(recipe.model());
        int length = layout.length();
        Map<String, Tensor> tensors =
                new LinkedHashMap<>(recipe.model().network().constants());
        for (String name : recipe.model().network().frozen()) {
            Tensor tensor = frozen.get(name);
            if (tensor == null) {
                throw new IllegalArgumentException(
                        "Training: the frozen tensor '" + name + "' is missing, expected it beside the parameters");
            }
            tensors.put(name, tensor);
        }
        tensors.put(DiffusionLoss.TABLE, DiffusionLoss.table(recipe.schedule()));
        tensors.put(PARAMETERS, Tensor.of(start.parameters(), length));
        tensors.put(FIRST_MOMENT, Tensor.of(start.firstMoment(), length));
        tensors.put(SECOND_MOMENT, Tensor.of(start.secondMoment(), length));
        tensors.put(AVERAGE, Tensor.of(start.average(), length));
        module = TorchModule.load(new ScriptModule(tensors, List.of(step(), state())), device);
    }

    /** The order in which a network's trained parameters lie in the vectors of a {@link State}. */
    public static FlatParameters layout(DenoiserConfig model) {
        Map<String, long[]> trained = new LinkedHashMap<>(model.network().parameters());
        trained.keySet().removeAll(model.network().frozen());
        return new FlatParameters(trained);
    }

    /**
     * What is trained, and how.
     *
     * @param model the network
     * @param schedule of the forward process; its steps are what the network is told
     * @param objective what is minimised; its output must be what the network has
     * @param adamW constants of the optimizer
     */
    public record Recipe(DenoiserConfig model, NoiseSchedule schedule, TrainingObjective objective, AdamW adamW) {
        public Recipe {
            if (objective.parameterization().learnsVariance() != model.learnsSigma()) {
                throw new IllegalArgumentException("Training: the objective's variance is "
                        + objective.parameterization().variance() + ", and the network has " + model.outChannels()
                        + " output channels for " + model.inChannels() + ": expected twice as many for a learned"
                        + " variance, as many for a fixed one");
            }
        }
    }

    /**
     * Constants of AdamW (Loshchilov and Hutter 2019).
     *
     * @param beta1 decay of the first moment
     * @param beta2 decay of the second moment
     * @param epsilon added to the root of the second moment
     * @param weightDecay decoupled decay per unit of learning rate
     */
    public record AdamW(double beta1, double beta2, double epsilon, double weightDecay) {
        /** PyTorch's, without decay: what DiT and U-DiT train with. */
        public static final AdamW DEFAULT = new AdamW(0.9, 0.999, 1e-8, 0);
    }

    /**
     * All that a run is made of, flat, in the order of {@link #layout}.
     *
     * @param parameters θ
     * @param firstMoment m
     * @param secondMoment v
     * @param average moving average of θ
     */
    public record State(float[] parameters, float[] firstMoment, float[] secondMoment, float[] average) {
        /** A run that begins. */
        public static State begin(float[] parameters) {
            return new State(
                    parameters, new float[parameters.length], new float[parameters.length], parameters.clone());
        }
    }

    /**
     * Means over the batch.
     *
     * @param loss what is minimised
     * @param meanSquaredError of the estimate; not a number where the objective has none
     * @param variationalBound in bits per dimension; not a number where the objective has none
     * @param gradientNorm before clipping
     */
    public record Losses(double loss, double meanSquaredError, double variationalBound, double gradientNorm) {}

    /**
     * A batch with all its randomness drawn.
     *
     * @param start x_0, [B, C, S, S]
     * @param noise [B, C, S, S]
     * @param timesteps [B] int64
     * @param labels [B] int64 for each of the network's label embedders, dropped independently
     */
    public record Batch(Tensor start, Tensor noise, Tensor timesteps, List<Tensor> labels) {}

    /**
     * Takes one step.
     *
     * @param step number of this step, from 1, for the bias correction
     * @param learningRate of this step
     * @param maxGradientNorm the gradient is scaled down to this norm; infinite for no clipping
     * @param averageDecay of the moving average in this step
     */
    public Losses step(Batch batch, long step, double learningRate, double maxGradientNorm, double averageDecay) {
        double correction1 = 1 - Math.pow(recipe.adamW().beta1(), step);
        double correction2 = 1 - Math.pow(recipe.adamW().beta2(), step);
        Tensor scalars = Tensor.of(
                new double[] {
                    -learningRate / correction1,
                    Math.sqrt(correction2),
                    1 - learningRate * recipe.adamW().weightDecay(),
                    Math.min(maxGradientNorm, Float.MAX_VALUE),
                    averageDecay
                },
                5);
        List<Tensor> inputs = new ArrayList<>(List.of(batch.start(), batch.noise(), batch.timesteps(), scalars));
        inputs.addAll(batch.labels());
        float[] result = module.runWithGradients("step", inputs.toArray(new Tensor[0]))
                .get(0)
                .floats();
        int next = 2;
        double squaredError = recipe.objective().hasSquaredError() ? result[next++] : Double.NaN;
        double bound = recipe.objective().hasVariationalBound() ? result[next] : Double.NaN;
        return new Losses(result[0], squaredError, bound, result[1]);
    }

    /** A copy of the run as it stands. */
    public State copyState() {
        List<Tensor> state = module.run("state");
        return new State(
                state.get(0).floats(),
                state.get(1).floats(),
                state.get(2).floats(),
                state.get(3).floats());
    }

    /** Takes a flat vector apart by parameter name. */
    public Map<String, Tensor> unpack(float[] vector) {
        return layout.unpack(vector);
    }

    private String step() {
        Graph g = new Graph("step", layout::expression);
        Value start = g.input("start");
        Value noise = g.input("noise");
        Value t = g.input("timesteps");
        Value scalars = g.input("scalars");
        List<Value> labels = new ArrayList<>();
        for (int i = 1; i <= recipe.model().network().labelEmbedders(); i++) {
            labels.add(g.input("labels" + i));
        }

        Value theta = g.op("torch.detach", g.parameter(PARAMETERS));
        Value tracked = g.op("torch.requires_grad_", g.op("torch.detach", theta));
        layout.split(g, tracked);
        DiffusionLoss.Terms terms = new DiffusionLoss(
                        g, recipe.model().inChannels(), recipe.schedule().steps(), recipe.objective())
                .emit(start, noise, t, (x, time) -> DenoiserScripts.trainable(g, recipe.model(), x, time, labels));
        Value loss = g.op("torch.mean", terms.loss());
        Value gradient = g.op("torch.detach", g.gradient(loss, tracked));

        Value norm = g.op("torch.norm", gradient);
        Value clip = g.op("torch.clamp_max", g.op("torch.div", scalar(g, scalars, 3), g.add(norm, 1e-6)), 1);
        update(g, recipe.adamW(), theta, g.mul(gradient, clip), scalars);
        List<Value> results = new ArrayList<>(List.of(g.op("torch.detach", loss), norm));
        for (Value part : Arrays.asList(terms.meanSquaredError(), terms.variationalBound())) {
            if (part != null) {
                results.add(g.op("torch.mean", g.op("torch.detach", part)));
            }
        }
        return g.result(g.op("torch.stack", results));
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
