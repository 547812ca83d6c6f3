package io.freshet.evaluation;

import static java.util.Objects.requireNonNull;

import io.freshet.image.RgbImage;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.SafeTensorsException;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The feature extractor of the data set {@code shapes}: 64 features of a small network ({@link ShapesNetwork}) that was trained
 * on it and is shipped with this library. Its distances rank models of that data set; they are on another scale than those of
 * Inception and must never be called FID without its name.
 *
 * <p>Plain Java: no native library, no threads of its own, and the same image has the same features bit for bit on every machine.
 * Thread-safe.
 */
public final class ShapesCnn implements FeatureExtractor {
    /** Name for reports. */
    public static final String NAME = "shapes-cnn-64";

    /** Format tag in the metadata of its weights. */
    public static final String FORMAT = "freshet-shapes-cnn-1";

    /** File name of the weights. */
    public static final String WEIGHTS = NAME + ".safetensors";

    /** File name of the reference statistics. */
    public static final String REFERENCE = "shapes-reference.safetensors";

    /** Hash of the shipped weights; retraining makes another extractor, so it is written down here. */
    private static final String SHIPPED_SHA256 = "f032187c555200a9b7f500b777ae769df27500f2a9bfaf2b9c60708505fa7ed1";

    private final String sha256;
    private final List<Convolution> layers;
    private final float[] projection; // [64, 64]

    private ShapesCnn(String sha256, Map<String, Tensor> weights) {
        this.sha256 = sha256;
        this.layers = ShapesNetwork.LAYERS.stream()
                .map(layer -> new Convolution(
                        floats(weights, layer.name() + ".weight"),
                        floats(weights, layer.name() + ".bias"),
                        layer.in(),
                        layer.stride(),
                        (float) layer.slope()))
                .toList();
        this.projection = floats(weights, ShapesNetwork.PROJECTION);
    }

    /** Present: names and shapes have been checked. */
    private static float[] floats(Map<String, Tensor> weights, String name) {
        return requireNonNull(weights.get(name)).floats();
    }

    /**
     * The extractor that is shipped.
     *
     * @throws IllegalStateException if the resource in this build is not the one that was released
     */
    public static ShapesCnn shipped() {
        byte[] file = resource(WEIGHTS);
        String actual = sha256(file);
        if (!actual.equals(SHIPPED_SHA256)) {
            throw new IllegalStateException("The weights of " + NAME + " in this build have sha256 " + actual
                    + ", expected " + SHIPPED_SHA256 + ": the library is damaged or was built with other weights");
        }
        try {
            return of(WEIGHTS, file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The reference statistics that are shipped: 10,000 held-out images of {@code shapes}. */
    public static ReferenceStatistics shippedReference() {
        try {
            return ReferenceStatistics.parse(REFERENCE, ByteBuffer.wrap(resource(REFERENCE)));
        } catch (IOException e) {
            throw new UncheckedIOException("The shipped reference statistics are damaged", e);
        }
    }

    /**
     * An extractor with weights from a file; its hash tells it from the shipped one.
     *
     * @throws IOException if the file is missing or does not hold such weights
     */
    public static ShapesCnn load(Path file) throws IOException {
        return of(file.toString(), Files.readAllBytes(file));
    }

    private static ShapesCnn of(String source, byte[] file) throws IOException {
        SafeTensors weights = SafeTensors.parse(source, ByteBuffer.wrap(file));
        if (!FORMAT.equals(weights.metadata().get("format"))) {
            throw new SafeTensorsException(source + " is of format '"
                    + weights.metadata().get("format") + "': expected '" + FORMAT + "', the weights of " + NAME);
        }
        Map<String, long[]> expected = ShapesNetwork.parameters();
        if (!weights.tensors().keySet().equals(expected.keySet())) {
            throw new SafeTensorsException(source + " holds "
                    + weights.tensors().keySet() + ": expected " + expected.keySet() + ", the weights of " + NAME);
        }
        for (Map.Entry<String, Tensor> entry : weights.tensors().entrySet()) {
            long[] shape = expected.get(entry.getKey());
            if (!Arrays.equals(entry.getValue().dimensions(), shape)) {
                throw new SafeTensorsException(source + ": '" + entry.getKey() + "' is " + entry.getValue()
                        + ", expected " + Arrays.toString(shape));
            }
        }
        return new ShapesCnn(sha256(file), weights.tensors());
    }

    private static byte[] resource(String name) {
        try (InputStream in = ShapesCnn.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("The resource " + name + " is missing from this build");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("Reading the resource " + name + " failed", e);
        }
    }

    private static String sha256(byte[] file) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(file));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JVM has SHA-256", e);
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String sha256() {
        return sha256;
    }

    @Override
    public int dimensions() {
        return ShapesNetwork.FEATURES;
    }

    @Override
    public float[] extract(RgbImage image) {
        int side = ShapesNetwork.SIDE;
        if (image.width() != side || image.height() != side) {
            throw new IllegalArgumentException(NAME + " takes images of " + side + "x" + side + " pixels, not "
                    + image.width() + "x" + image.height() + ": use another extractor for other data");
        }
        float[] h = new float[image.pixels().length]; // [H, W, C]
        for (int i = 0; i < h.length; i++) {
            h[i] = (image.pixels()[i] & 0xFF) / 127.5f - 1f;
        }
        for (Convolution layer : layers) {
            h = layer.apply(h, side);
            side = side / layer.stride();
        }
        float[] pooled = new float[ShapesNetwork.FEATURES];
        for (int i = 0; i < h.length; i++) {
            pooled[i % pooled.length] += h[i];
        }
        float[] features = new float[pooled.length];
        for (int i = 0; i < features.length; i++) {
            for (int j = 0; j < pooled.length; j++) {
                features[i] += projection[i * pooled.length + j] * (pooled[j] / (side * side));
            }
        }
        return features;
    }

    @Override
    public void close() {}
}
