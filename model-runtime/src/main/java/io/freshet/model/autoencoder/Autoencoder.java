package io.freshet.model.autoencoder;

import io.freshet.model.Folding;
import io.freshet.model.ParameterShapes;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * An AutoencoderKL that is ready to run: images to latents and back. Owns its two networks in LibTorch and closes them; each is
 * loaded when it is first used, so that a sampler, which only decodes, has no room taken by the encoder. To be used by one thread at
 * a time.
 *
 * <p>Shapes: B images of C channels and H x W pixels, nominally in [-1, 1]; latents of L channels and h x w pixels, where h = H / f
 * and w = W / f, rounded down, for the configuration's factor f.
 *
 * <p>Latents here are the autoencoder's own. A diffusion model works on latents times {@link AutoencoderConfig#scalingFactor};
 * {@link #scale} and {@link #unscale} go from one to the other, and nothing else here multiplies by it.
 *
 * <p>Images go through one at a time. On the processors of a machine more at once are not faster but need more memory, and so an
 * image does not depend on those beside it, to the last bit.
 */
public final class Autoencoder implements AutoCloseable {
    private static final List<String> ENCODER = List.of("encoder.", "quant_conv.");
    private static final List<String> DECODER = List.of("decoder.", "post_quant_conv.");

    private final AutoencoderConfig config;
    private final Map<String, Tensor> weights;
    private final TorchDevice device;
    private @Nullable TorchModule encoder;
    private @Nullable TorchModule decoder;
    private boolean closed;

    private Autoencoder(AutoencoderConfig config, Map<String, Tensor> weights, TorchDevice device) {
        this.config = config;
        this.weights = weights;
        this.device = device;
    }

    /**
     * An autoencoder with weights.
     *
     * @param weights float32, in any layout that {@link AutoencoderNames} knows; they are read until both networks are loaded
     * @param device where it runs
     * @throws IllegalArgumentException if the weights do not fit the configuration, naming the differences
     */
    public static Autoencoder of(AutoencoderConfig config, Map<String, Tensor> weights, TorchDevice device) {
        Map<String, Tensor> canonical = AutoencoderNames.canonical(config, weights);
        ParameterShapes.require(config.toString(), AutoencoderParameters.of(config), canonical);
        canonical.forEach((name, tensor) -> {
            if (tensor.dtype() != DType.F32) {
                throw new IllegalArgumentException(
                        "'" + name + "' is " + tensor + ", expected F32: convert the weights first");
            }
        });
        return new Autoencoder(config, canonical, device);
    }

    /** Its sizes. */
    public AutoencoderConfig config() {
        return config;
    }

    /**
     * Encodes images.
     *
     * @param images [B, C, H, W] float32, nominally in [-1, 1]; sides of at least f
     * @return the distribution of latents, each [B, L, h, w]
     * @throws IllegalArgumentException if the images are of another shape
     */
    public Posterior encode(Tensor images) {
        require("The images are", images, config.inChannels(), config.downFactor());
        TorchModule network = encoder();
        Stack means = new Stack(rows(images));
        Stack logVariances = new Stack(rows(images));
        for (int row = 0; row < rows(images); row++) {
            List<Tensor> moments = network.run("encode", row(images, row));
            means.add(moments.get(0));
            logVariances.add(moments.get(1));
        }
        return new Posterior(means.tensor(), logVariances.tensor());
    }

    /**
     * Decodes latents. Memory grows with the number of pixels: a 512x512 image needs some 700 MiB beside the weights; see
     * {@link #decodeTiled} for large ones.
     *
     * @param latents [B, L, h, w] float32, not scaled
     * @return [B, C, h f, w f] float32, nominally in [-1, 1] but not clamped
     * @throws IllegalArgumentException if the latents are of another shape
     */
    public Tensor decode(Tensor latents) {
        require("The latents are", latents, config.latentChannels(), 1);
        TorchModule network = decoder();
        Stack images = new Stack(rows(latents));
        for (int row = 0; row < rows(latents); row++) {
            images.add(network.run("decode", row(latents, row)).get(0));
        }
        return images.tensor();
    }

    /**
     * Decodes latents in tiles, in the memory that one tile needs. Where a latent is one tile, the image is that of {@link #decode}.
     * A larger one differs from it, for normalisation and attention then look at a tile instead of the whole image; the differences
     * are spread over the overlaps, which softens the seams between tiles but cannot promise that none is seen: tones may drift from
     * tile to tile.
     *
     * @param latents [B, L, h, w] float32, not scaled
     * @param tiling size and overlap of tiles, such as {@link Tiling#of}
     * @return [B, C, h f, w f] float32, nominally in [-1, 1] but not clamped
     * @throws IllegalArgumentException if the latents are of another shape
     */
    public Tensor decodeTiled(Tensor latents, Tiling tiling) {
        require("The latents are", latents, config.latentChannels(), 1);
        if (tiling.isOne(latents.shape().get(2), latents.shape().get(3))) {
            return decode(latents);
        }
        TorchModule network = decoder();
        Stack images = new Stack(rows(latents));
        for (int row = 0; row < rows(latents); row++) {
            images.add(new TiledImage(config, tiling, row(latents, row))
                    .decode(tile -> network.run("decode", tile).get(0)));
        }
        return images.tensor();
    }

    /**
     * From the autoencoder's latents to those of a diffusion model: z times the scaling factor.
     *
     * @param latents float32 of any shape
     */
    public Tensor scale(Tensor latents) {
        return times(latents, config.scalingFactor());
    }

    /**
     * From a diffusion model's latents to those of the autoencoder: z over the scaling factor.
     *
     * @param latents float32 of any shape
     */
    public Tensor unscale(Tensor latents) {
        return times(latents, 1 / config.scalingFactor());
    }

    private static Tensor times(Tensor latents, double factor) {
        float[] values = latents.floats();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * factor);
        }
        return Tensor.of(values, latents.dimensions());
    }

    private TorchModule encoder() {
        if (encoder == null) {
            encoder = load(ENCODER, "encode", (g, network) -> g.results(network.encode(g.input("image"))));
        }
        return encoder;
    }

    private TorchModule decoder() {
        if (decoder == null) {
            decoder = load(DECODER, "decode", (g, network) -> g.result(network.decode(g.input("latent"))));
        }
        return decoder;
    }

    private TorchModule load(
            List<String> prefixes, String method, BiFunction<Graph, AutoencoderNetwork, String> forward) {
        if (closed) {
            throw new IllegalStateException("This autoencoder is closed");
        }
        Map<String, Tensor> folded = Folding.fold(AutoencoderFolding.recipes(config, prefixes), weights);
        Graph g = new Graph(method, ScriptModule::attribute);
        return TorchModule.load(
                new ScriptModule(folded, List.of(forward.apply(g, new AutoencoderNetwork(g, config)))), device);
    }

    private static void require(String what, Tensor tensor, int channels, int leastSide) {
        List<Long> shape = tensor.shape();
        if (tensor.dtype() != DType.F32
                || shape.size() != 4
                || shape.get(0) < 1
                || shape.get(1) != channels
                || shape.get(2) < leastSide
                || shape.get(3) < leastSide) {
            throw new IllegalArgumentException(what + " " + tensor + ", expected F32[B, " + channels
                    + ", height, width] with B of at least 1 and sides of at least " + leastSide);
        }
    }

    private static int rows(Tensor tensor) {
        return Math.toIntExact(tensor.shape().get(0));
    }

    /** One row of a batch, as a view. */
    private static Tensor row(Tensor tensor, int row) {
        List<Long> shape = new ArrayList<>(tensor.shape());
        int bytes = tensor.data().remaining() / rows(tensor);
        shape.set(0, 1L);
        return new Tensor(tensor.dtype(), shape, tensor.data().slice(row * bytes, bytes));
    }

    /** Rows of equal size, one after the other. */
    private static final class Stack {
        private final int rows;
        private @Nullable ByteBuffer bytes;
        private List<Long> shape = List.of();

        Stack(int rows) {
            this.rows = rows;
        }

        void add(Tensor row) {
            if (bytes == null) {
                bytes = ByteBuffer.allocate(Math.multiplyExact(rows, row.data().remaining()));
                shape = new ArrayList<>(row.shape());
                shape.set(0, (long) rows);
            }
            bytes.put(row.data());
        }

        Tensor tensor() {
            if (bytes == null) {
                throw new IllegalStateException("Nothing was added");
            }
            return new Tensor(DType.F32, shape, bytes.flip());
        }
    }

    @Override
    public void close() {
        closed = true;
        if (encoder != null) {
            encoder.close();
            encoder = null;
        }
        if (decoder != null) {
            decoder.close();
            decoder = null;
        }
    }
}
