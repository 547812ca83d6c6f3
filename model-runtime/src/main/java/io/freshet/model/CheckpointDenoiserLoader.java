package io.freshet.model;

import io.freshet.checkpoint.Checkpoint;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.DenoiserLoader;
import io.freshet.sampling.Precision;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/** Loads networks from a {@link CheckpointStore}. Thread-safe. */
public final class CheckpointDenoiserLoader implements DenoiserLoader {
    private final CheckpointStore store;
    private final TorchDevice device;

    /** What the time of a pass follows from, beside its rows. */
    private record Shape(DenoiserConfig config, TorchDevice device, Precision precision) {}

    /** Loads onto the CPU. */
    public CheckpointDenoiserLoader(CheckpointStore store) {
        this(store, TorchDevice.CPU);
    }

    /**
     * A loader of networks.
     *
     * @param device where they run
     */
    public CheckpointDenoiserLoader(CheckpointStore store, TorchDevice device) {
        this.store = store;
        this.device = device;
    }

    @Override
    public LoadedDenoiser load(CheckpointRef ref, Precision precision) throws CheckpointException {
        long start = System.nanoTime();
        Checkpoint checkpoint = store.open(ref);
        DenoiserSignature signature = signature(ref, checkpoint.manifest().description());
        if (!checkpoint.holdsScript()) {
            requireFinite(ref, checkpoint.tensors());
        }
        long verified = System.nanoTime();
        Denoiser denoiser = build(checkpoint, signature, precision);
        return new LoadedDenoiser(denoiser, millis(verified - start), millis(System.nanoTime() - verified));
    }

    /** The size of the weights' file, in float32, or half of that. What is written with it beside tensors is a few kilobytes. */
    @Override
    public long weightBytes(CheckpointRef ref, Precision precision) throws CheckpointException {
        long inFloat32 = store.networkBytes(ref);
        return precision == Precision.BF16 ? inFloat32 / 2 : inFloat32;
    }

    private static DenoiserSignature signature(CheckpointRef ref, CheckpointDescription description)
            throws CheckpointException {
        try {
            DenoiserSignature signature = Architectures.config(description.architecture(), description.config());
            requireAgreement(ref, description, signature);
            return signature;
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(ref.directory() + ": " + e.getMessage(), e);
        }
    }

    private Denoiser build(Checkpoint checkpoint, DenoiserSignature signature, Precision precision)
            throws CheckpointException {
        List<String> classNames = checkpoint.manifest().description().classNames();
        try {
            if (signature instanceof DenoiserConfig config) {
                Map<String, Tensor> folded = DenoiserScripts.fold(config, checkpoint.tensors());
                TorchModule network =
                        TorchModule.load(DenoiserScripts.inference(config, folded, device, precision), device);
                return new NetworkDenoiser(config, classNames, network, new Shape(config, device, precision));
            }
            if (precision != Precision.FP32) {
                throw new IllegalArgumentException(
                        "its network comes as TorchScript, which computes as it was written:" + " expected precision '"
                                + Precision.FP32.wireName() + "', not '" + precision.wireName() + "'");
            }
            return TorchScriptNetwork.load(checkpoint.script(), TorchScriptConfig.of(signature), classNames, device);
        } catch (IllegalArgumentException | IOException e) {
            throw new CheckpointException(checkpoint.ref().directory() + ": " + e.getMessage(), e);
        }
    }

    private static void requireAgreement(CheckpointRef ref, CheckpointDescription description, DenoiserSignature config)
            throws CheckpointException {
        CheckpointDescription.ImageShape shape = description.imageShape();
        if (shape.channels() != config.inChannels()
                || shape.height() != config.inputSize()
                || shape.width() != config.inputSize()) {
            throw new CheckpointException(ref.directory() + ": its manifest tells of images of " + shape
                    + ", but its network takes " + config.inChannels() + " channels of " + config.inputSize() + "x"
                    + config.inputSize());
        }
        if (description.classNames().size() != config.numClasses()) {
            throw new CheckpointException(ref.directory() + ": its manifest names "
                    + description.classNames().size() + " classes, but its network has " + config.numClasses());
        }
    }

    private static void requireFinite(CheckpointRef ref, Map<String, Tensor> weights) throws CheckpointException {
        for (Map.Entry<String, Tensor> entry : weights.entrySet()) {
            Tensor tensor = entry.getValue();
            if (tensor.dtype() != DType.F32) {
                throw new CheckpointException(
                        ref.directory() + ": tensor '" + entry.getKey() + "' is " + tensor + ", expected F32");
            }
            FloatBuffer values = tensor.data().asFloatBuffer();
            for (int i = 0; i < values.limit(); i++) {
                if (!Float.isFinite(values.get(i))) {
                    throw new CheckpointException(ref.directory() + ": tensor '" + entry.getKey() + "' holds "
                            + values.get(i) + " at element " + i + ": the run that wrote it has diverged");
                }
            }
        }
    }

    private static long millis(long nanos) {
        return nanos / 1_000_000;
    }
}
