package io.freshet.model;

import io.freshet.diffusion.Prediction;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.DeviceMemoryException;
import io.freshet.script.TorchModule;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A network in its inference form, {@code forward(x, t, y)}. */
final class NetworkDenoiser implements Denoiser {
    private final DenoiserSignature signature;
    private final List<String> classNames;
    private final TorchModule network;
    private final @Nullable Object shape;

    /**
     * Takes a loaded network over.
     *
     * @param network closed with this
     * @param shape see {@link #shape}
     */
    NetworkDenoiser(DenoiserSignature signature, List<String> classNames, TorchModule network, @Nullable Object shape) {
        this.signature = signature;
        this.classNames = List.copyOf(classNames);
        this.network = network;
        this.shape = shape;
    }

    @Override
    public int channels() {
        return signature.inChannels();
    }

    @Override
    public int height() {
        return signature.inputSize();
    }

    @Override
    public int width() {
        return signature.inputSize();
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public boolean hasNullLabel() {
        return signature.hasNullLabel();
    }

    /** Architectures that are known here are written in either precision; a script computes as it says. */
    @Override
    public boolean runsInBf16() {
        return signature instanceof DenoiserConfig;
    }

    @Override
    public boolean learnsSigma() {
        return signature.learnsSigma();
    }

    @Override
    public Prediction prediction() {
        return signature.prediction();
    }

    @Override
    public @Nullable Object shape() {
        return shape;
    }

    @Override
    public void predict(int rows, float[] x, float[] t, long[] y, float[] out) {
        int side = signature.inputSize();
        int size = rows * signature.inChannels() * side * side;
        int outSize = rows * signature.outChannels() * side * side;
        Tensor result = run(
                rows,
                Tensor.of(Arrays.copyOf(x, size), rows, signature.inChannels(), side, side),
                Tensor.of(Arrays.copyOf(t, rows), rows),
                Tensor.of(Arrays.copyOf(y, rows), rows));
        if (result.dtype() != DType.F32 || result.numel() != outSize) {
            throw new IllegalStateException("The network gave " + result + " for " + rows + " rows, expected F32["
                    + rows + ", " + signature.outChannels() + ", " + side + ", " + side + "]");
        }
        result.data().asFloatBuffer().get(out, 0, outSize);
    }

    private Tensor run(int rows, Tensor... inputs) {
        try {
            return network.run("forward", inputs).get(0);
        } catch (IllegalStateException e) {
            if (TorchModule.lacksMemory(e)) {
                throw new DeviceMemoryException(rows, e);
            }
            throw e;
        }
    }

    @Override
    public void close() {
        network.close();
    }
}
