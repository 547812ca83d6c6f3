package io.freshet.training.extractor;

import io.freshet.evaluation.ShapesNetwork;
import io.freshet.script.FlatParameters;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.training.data.ShapesDataset;
import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * One optimizer step of {@link ShapesNetwork} with its two heads, as one TorchScript method: loss, gradient and Adam (Kingma and
 * Ba 2015), over flat vectors that live in the module.
 *
 * <p>The loss is the cross-entropy of the class plus the mean squared error of a 4x4 thumbnail of the image.
 */
final class ClassifierScript implements AutoCloseable {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;
    private static final int THUMBNAIL_VALUES = 3 * 4 * 4;
    private static final int THUMBNAIL_BLOCK = ShapesDataset.SIDE / 4;

    private final FlatParameters layout = new FlatParameters(shapes());
    private final TorchModule module;

    /** A network with weights drawn after He et al. 2015. */
    ClassifierScript(long seed) {
        int length = layout.length();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("theta", Tensor.of(layout.pack(initial(seed)), length));
        tensors.put("moment1", Tensor.of(new float[length], length));
        tensors.put("moment2", Tensor.of(new float[length], length));
        module = TorchModule.load(new ScriptModule(tensors, List.of(step(), predict(), pooled(), state())));
    }

    /**
     * Takes one step.
     *
     * @param images [B, 3, 32, 32]
     * @param labels [B] int64
     * @param step number of this step, from 1
     * @return cross-entropy, mean squared error of the thumbnail
     */
    float[] step(Tensor images, Tensor labels, long step, double learningRate) {
        Tensor scalars = Tensor.of(
                new double[] {-learningRate / (1 - Math.pow(BETA1, step)), Math.sqrt(1 - Math.pow(BETA2, step))}, 2);
        return module.runWithGradients("step", images, labels, scalars).get(0).floats();
    }

    /** The most likely class of each of [B, 3, 32, 32]. */
    long[] predict(Tensor images) {
        return module.run("predict", images).get(0).longs();
    }

    /** What the network learned to say about [B, 3, 32, 32], row by row: {@link ShapesNetwork#pooled}. */
    float[] pooled(Tensor images) {
        return module.run("pooled", images).get(0).floats();
    }

    /** A copy of all parameters by name, those of the heads included. */
    Map<String, Tensor> parameters() {
        return layout.unpack(module.run("state").get(0).floats());
    }

    private static Map<String, long[]> shapes() {
        Map<String, long[]> shapes = new LinkedHashMap<>(ShapesNetwork.learned());
        shapes.put("classes.weight", new long[] {ShapesDataset.CLASS_NAMES.size(), ShapesNetwork.FEATURES});
        shapes.put("classes.bias", new long[] {ShapesDataset.CLASS_NAMES.size()});
        shapes.put("thumbnail.weight", new long[] {THUMBNAIL_VALUES, ShapesNetwork.FEATURES});
        shapes.put("thumbnail.bias", new long[] {THUMBNAIL_VALUES});
        return shapes;
    }

    private static Map<String, Tensor> initial(long seed) {
        Random random = new Random(seed);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shapes().forEach((name, shape) -> {
            int outputs = (int) shape[0];
            int inputs = 1;
            for (int i = 1; i < shape.length; i++) {
                inputs *= (int) shape[i];
            }
            float[] values = new float[outputs * inputs];
            if (shape.length > 1) {
                double deviation = Math.sqrt(2.0 / inputs);
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) (deviation * random.nextGaussian());
                }
            }
            tensors.put(name, Tensor.of(values, shape));
        });
        return tensors;
    }

    private String step() {
        Graph g = new Graph("step", layout::expression);
        Value images = g.input("images");
        Value labels = g.input("labels");
        Value scalars = g.input("scalars");
        Value theta = g.op("torch.detach", g.parameter("theta"));
        Value tracked = g.op("torch.requires_grad_", g.op("torch.detach", theta));
        layout.split(g, tracked);

        Value pooled = ShapesNetwork.pooled(g, images);
        Value crossEntropy = g.op("torch.cross_entropy_loss", logits(g, pooled), labels);
        Value painted = g.linear(pooled, g.parameter("thumbnail.weight"), g.parameter("thumbnail.bias"));
        Value block = g.emit("[" + THUMBNAIL_BLOCK + ", " + THUMBNAIL_BLOCK + "]");
        Value thumbnail = g.reshape(g.op("torch.avg_pool2d", images, block), -1, THUMBNAIL_VALUES);
        Value squared = g.op("torch.mse_loss", painted, thumbnail);
        Value gradient = g.op("torch.detach", g.gradient(g.add(crossEntropy, squared), tracked));

        Value first = g.parameter("moment1");
        Value second = g.parameter("moment2");
        g.run("torch.mul_", first, BETA1);
        g.run("torch.add_", first, g.mul(gradient, 1 - BETA1));
        g.run("torch.mul_", second, BETA2);
        g.run("torch.add_", second, g.mul(g.mul(gradient, gradient), 1 - BETA2));
        Value root = g.op("torch.div", g.op("torch.sqrt", second), g.op("torch.select", scalars, 0, 1));
        Value direction = g.op("torch.div", first, g.add(root, EPSILON));
        g.run("torch.add_", theta, g.mul(direction, g.op("torch.select", scalars, 0, 0)));
        return g.result(
                g.op("torch.stack", List.of(g.op("torch.detach", crossEntropy), g.op("torch.detach", squared))));
    }

    private String predict() {
        Graph g = new Graph("predict", layout::expression);
        Value images = g.input("images");
        layout.split(g, g.parameter("theta"));
        return g.result(g.op("torch.argmax", logits(g, ShapesNetwork.pooled(g, images)), 1));
    }

    private String pooled() {
        Graph g = new Graph("pooled", layout::expression);
        Value images = g.input("images");
        layout.split(g, g.parameter("theta"));
        return g.result(ShapesNetwork.pooled(g, images));
    }

    private static Value logits(Graph g, Value pooled) {
        return g.linear(pooled, g.parameter("classes.weight"), g.parameter("classes.bias"));
    }

    private static String state() {
        Graph g = new Graph("state", ScriptModule::attribute);
        return g.result(g.op("torch.clone", g.parameter("theta")));
    }

    @Override
    public void close() {
        module.close();
    }
}
