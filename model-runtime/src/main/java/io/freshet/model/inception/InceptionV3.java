package io.freshet.model.inception;

import io.freshet.evaluation.FeatureExtractor;
import io.freshet.image.RgbImage;
import io.freshet.model.Folding;
import io.freshet.model.ParameterShapes;
import io.freshet.model.inception.InceptionNetwork.Blocks;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The feature extractor of the Fréchet Inception distance: 2048 features of Inception v3 in FID's variant, with the preparation of
 * images that pytorch-fid has. Distances over these features are what papers call FID.
 *
 * <p>No weights are shipped. They are those of pytorch-fid's file {@code pt_inception-2015-12-05-6726825d.pth}, by its names, or the
 * same tensors in any other file.
 *
 * <p>Images may be of any size and become 299x299 by bilinear interpolation, without smoothing when they are larger, as in the
 * original. Owns its network in LibTorch and closes it. To be used by one thread at a time.
 */
public final class InceptionV3 implements FeatureExtractor {
    /** Name for reports. */
    public static final String NAME = "fid-inception-v3";

    /** A batch of so many takes some 200 MiB; larger ones are not faster on a processor. */
    private static final int IMAGES_AT_ONCE = 8;

    private final String sha256;
    private final TorchModule network;

    private InceptionV3(String sha256, TorchModule network) {
        this.sha256 = sha256;
        this.network = network;
    }

    /**
     * What the network tells of images, B of them.
     *
     * @param block0 [B, 64] averages of the first block, behind the first max-pool
     * @param block1 [B, 192] averages of the second block, behind the second max-pool
     * @param block2 [B, 768] averages of the third block, Mixed_6e
     * @param features [B, 2048] averages of the last block, which FID is about
     * @param logitsWithoutBias [B, 1008], of which the Inception Score is made
     * @param logits [B, 1008] of the classifier
     */
    public record Activations(
            Tensor block0, Tensor block1, Tensor block2, Tensor features, Tensor logitsWithoutBias, Tensor logits) {}

    /**
     * An extractor with weights; batch normalisations become part of convolutions, the tensors given stay as they are.
     *
     * @param weights float32, by the names of pytorch-fid's file; {@code num_batches_tracked} may be there and is not read
     * @param device where it runs
     * @throws IllegalArgumentException if they are not the weights of this network, naming the differences with both shapes
     */
    public static InceptionV3 of(Map<String, Tensor> weights, TorchDevice device) {
        Map<String, Tensor> read = new LinkedHashMap<>(weights);
        read.keySet().removeIf(name -> name.endsWith(InceptionParameters.COUNTER));
        ParameterShapes.require(NAME, InceptionParameters.all(), read);
        Map<String, Tensor> folded = Folding.fold(InceptionFolding.recipes(), read);
        ScriptModule script = new ScriptModule(folded, List.of(prepareMethod(), featuresMethod(), activationsMethod()));
        return new InceptionV3(sha256(read), TorchModule.load(script, device));
    }

    private static String prepareMethod() {
        Graph g = new Graph("prepare", ScriptModule::attribute);
        return g.result(g.op("torch.contiguous", new InceptionNetwork(g).prepare(g.input("images"))));
    }

    private static String featuresMethod() {
        Graph g = new Graph("features", ScriptModule::attribute);
        InceptionNetwork network = new InceptionNetwork(g);
        return g.result(network.average(
                network.blocks(network.prepare(g.input("images"))).block3()));
    }

    private static String activationsMethod() {
        Graph g = new Graph("activations", ScriptModule::attribute);
        InceptionNetwork network = new InceptionNetwork(g);
        Blocks blocks = network.blocks(network.prepare(g.input("images")));
        Value features = network.average(blocks.block3());
        Value logits = network.logits(features);
        return g.results(List.of(
                network.average(blocks.block0()),
                network.average(blocks.block1()),
                network.average(blocks.block2()),
                features,
                logits,
                g.add(logits, g.parameter("fc.bias"))));
    }

    /** Of names and bytes in the network's own order, so that it does not depend on the kind of file. */
    static String sha256(Map<String, Tensor> weights) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            InceptionParameters.all().keySet().forEach(name -> {
                digest.update(name.getBytes(StandardCharsets.UTF_8));
                Tensor tensor = weights.get(name);
                if (tensor != null) {
                    digest.update(tensor.data());
                }
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java runtime has SHA-256", e);
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    /** Of the names and values of the weights, whatever file they came in. */
    @Override
    public String sha256() {
        return sha256;
    }

    @Override
    public int dimensions() {
        return InceptionNetwork.FEATURES;
    }

    @Override
    public float[] extract(RgbImage image) {
        return network.run("features", levels(List.of(image))).get(0).floats();
    }

    /**
     * Features of many images, a few at a time. They agree with those of {@link #extract} up to rounding.
     *
     * @param images all of one size
     * @return [B, 2048]
     * @throws IllegalArgumentException if there are none, or their sizes differ
     */
    public Tensor features(List<RgbImage> images) {
        requireOneSize(images);
        float[] features = new float[Math.multiplyExact(images.size(), dimensions())];
        for (int from = 0; from < images.size(); from += IMAGES_AT_ONCE) {
            List<RgbImage> some = images.subList(from, Math.min(images.size(), from + IMAGES_AT_ONCE));
            network.run("features", levels(some))
                    .get(0)
                    .data()
                    .asFloatBuffer()
                    .get(features, from * dimensions(), some.size() * dimensions());
        }
        return Tensor.of(features, images.size(), dimensions());
    }

    /**
     * All that the network tells of a batch of images; some 25 MiB are needed for each.
     *
     * @param images all of one size
     * @throws IllegalArgumentException if there are none, or their sizes differ
     */
    public Activations activations(List<RgbImage> images) {
        requireOneSize(images);
        List<Tensor> all = network.run("activations", levels(images));
        return new Activations(all.get(0), all.get(1), all.get(2), all.get(3), all.get(4), all.get(5));
    }

    /**
     * Images as the network sees them.
     *
     * @param images all of one size
     * @return [B, 3, 299, 299] in [-1, 1]
     * @throws IllegalArgumentException if there are none, or their sizes differ
     */
    public Tensor prepare(List<RgbImage> images) {
        requireOneSize(images);
        return network.run("prepare", levels(images)).get(0);
    }

    private static void requireOneSize(List<RgbImage> images) {
        if (images.isEmpty()) {
            throw new IllegalArgumentException(NAME + " needs at least one image");
        }
        RgbImage first = images.get(0);
        for (RgbImage image : images) {
            if (image.width() != first.width() || image.height() != first.height()) {
                throw new IllegalArgumentException(
                        "The images of a batch are " + first.width() + "x" + first.height() + " and " + image.width()
                                + "x" + image.height() + ", expected one size: take them apart by size");
            }
        }
    }

    /** [B, H, W, 3], 0 to 255. */
    private static Tensor levels(List<RgbImage> images) {
        RgbImage first = images.get(0);
        float[] levels = new float[Math.multiplyExact(images.size(), first.pixels().length)];
        int at = 0;
        for (RgbImage image : images) {
            for (byte level : image.pixels()) {
                levels[at++] = level & 0xFF;
            }
        }
        return Tensor.of(levels, images.size(), first.height(), first.width(), 3);
    }

    @Override
    public void close() {
        network.close();
    }
}
