package io.freshet.evaluation;

import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The network behind {@link ShapesCnn}: four convolutions, the mean over all places, and a projection that evens out how much
 * each direction varies. In training two linear heads on the mean make it tell the class and paint a 4x4 thumbnail, so that it
 * knows form, colour and place; the heads are not shipped.
 *
 * <pre>
 * x [B, 3, 32, 32]
 *   conv 3x3      → ReLU  [B, 32, 32, 32]
 *   conv 3x3 / 2  → ReLU  [B, 48, 16, 16]
 *   conv 3x3 / 2  → ReLU  [B, 64, 8, 8]
 *   conv 3x3      → leaky [B, 64, 8, 8]
 *   mean over H, W        [B, 64]
 *   projection            [B, 64] features
 * </pre>
 *
 * <p>Given twice: as a graph to train, and in plain Java to run ({@link ShapesCnn}).
 */
public final class ShapesNetwork {
    /** Width and height of the images it takes. */
    public static final int SIDE = 32;

    /** Length of a feature vector. */
    public static final int FEATURES = 64;

    /** One convolution; {@code slope} is the factor of negative results in its rectifier. */
    record Layer(String name, int in, int out, int stride, double slope) {}

    static final List<Layer> LAYERS = List.of(
            new Layer("conv1", 3, 32, 1, 0),
            new Layer("conv2", 32, 48, 2, 0),
            new Layer("conv3", 48, 64, 2, 0),
            new Layer("conv4", 64, FEATURES, 1, 0.1));

    /** Name of the projection, [64, 64]. It is computed after training and not learned. */
    public static final String PROJECTION = "projection.weight";

    private ShapesNetwork() {}

    /** Shapes of the parameters that are learned, by name, outputs first. */
    public static Map<String, long[]> learned() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (Layer layer : LAYERS) {
            shapes.put(layer.name + ".weight", new long[] {layer.out, layer.in, 3, 3});
            shapes.put(layer.name + ".bias", new long[] {layer.out});
        }
        return shapes;
    }

    /** Shapes of all parameters by name. */
    public static Map<String, long[]> parameters() {
        Map<String, long[]> shapes = learned();
        shapes.put(PROJECTION, new long[] {FEATURES, FEATURES});
        return shapes;
    }

    /**
     * Emits the whole network.
     *
     * @param x [B, 3, 32, 32] in [-1, 1]
     * @return [B, 64]
     */
    public static Value features(Graph g, Value x) {
        return g.op("torch.linear", pooled(g, x), g.parameter(PROJECTION), null);
    }

    /**
     * Emits the network up to the mean, all that is learned.
     *
     * @param x [B, 3, 32, 32] in [-1, 1]
     * @return [B, 64]
     */
    public static Value pooled(Graph g, Value x) {
        Value h = x;
        for (Layer layer : LAYERS) {
            Value weight = g.parameter(layer.name + ".weight");
            Value bias = g.parameter(layer.name + ".bias");
            List<Integer> stride = List.of(layer.stride, layer.stride);
            h = g.op("torch.conv2d", h, weight, bias, stride, List.of(1, 1), List.of(1, 1), 1);
            h = g.op("torch.leaky_relu", h, layer.slope);
        }
        return g.op("torch.mean", h, List.of(2, 3));
    }
}
