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

/** A network in its inference form; see {@link DenoiserScripts#inference}. */
final class NetworkDenoiser implements Denoiser {
    private final DenoiserSignature signature;
    private final List<String> classNames;
    private final TorchModule network;
    private final @Nullable Object shape;
    private final int featureSize;

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
        this.featureSize =
                signature instanceof DenoiserConfig config && config.network() instanceof CachingNetwork caching
                        ? caching.featureSize()
                        : 0;
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
    public int featureSize() {
        return featureSize;
    }

    @Override
    public void predict(int rows, float[] x, float[] t, long[] y, float[] out) {
        List<Tensor> results = run(rows, DenoiserScripts.FORWARD, inputs(rows, x, t, y));
        copyPrediction(results.get(0), rows, out);
    }

    @Override
    public void predictWhole(int rows, float[] x, float[] t, long[] y, float[] out, float[] features) {
        requireCaches();
        List<Tensor> results = run(rows, DenoiserScripts.FORWARD_WHOLE, inputs(rows, x, t, y));
        copyPrediction(results.get(0), rows, out);
        results.get(1).data().asFloatBuffer().get(features, 0, rows * featureSize);
    }

    @Override
    public void predictShallow(int rows, float[] x, float[] t, long[] y, float[] features, float[] out) {
        requireCaches();
        Tensor[] inputs = Arrays.copyOf(inputs(rows, x, t, y), 4);
        inputs[3] = Tensor.of(Arrays.copyOf(features, rows * featureSize), rows, featureSize);
        copyPrediction(run(rows, DenoiserScripts.FORWARD_SHALLOW, inputs).get(0), rows, out);
    }

    private void requireCaches() {
        if (!cachesFeatures()) {
            throw new UnsupportedOperationException("The network has no deep features to use again");
        }
    }

    private Tensor[] inputs(int rows, float[] x, float[] t, long[] y) {
        int side = signature.inputSize();
        int size = rows * signature.inChannels() * side * side;
        return new Tensor[] {
            Tensor.of(Arrays.copyOf(x, size), rows, signature.inChannels(), side, side),
            Tensor.of(Arrays.copyOf(t, rows), rows),
            Tensor.of(Arrays.copyOf(y, rows), rows)
        };
    }

    private void copyPrediction(Tensor result, int rows, float[] out) {
        int side = signature.inputSize();
        int outSize = rows * signature.outChannels() * side * side;
        if (result.dtype() != DType.F32 || result.numel() != outSize) {
            throw new IllegalStateException("The network gave " + result + " for " + rows + " rows, expected F32["
                    + rows + ", " + signature.outChannels() + ", " + side + ", " + side + "]");
        }
        result.data().asFloatBuffer().get(out, 0, outSize);
    }

    private List<Tensor> run(int rows, String method, Tensor... inputs) {
        try {
            return network.run(method, inputs);
        } catch (IllegalStateException e) {
            if (TorchModule.lacksMemory(e)) {
                throw new DeviceMemoryException(rows, e);
            }
            throw e;
        }
    }

    @Override
    public void releaseCaches() {
        network.releaseCaches();
    }

    @Override
    public void close() {
        network.close();
    }
}
