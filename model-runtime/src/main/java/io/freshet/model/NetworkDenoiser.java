package io.freshet.model;

import io.freshet.sampling.Denoiser;
import io.freshet.script.TorchModule;
import io.freshet.weights.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A network of the family in its folded inference form. */
final class NetworkDenoiser implements Denoiser {
    private final DenoiserConfig config;
    private final List<String> classNames;
    private final TorchModule network;

    NetworkDenoiser(DenoiserConfig config, List<String> classNames, Map<String, Tensor> trained) {
        this.config = config;
        this.classNames = List.copyOf(classNames);
        this.network = TorchModule.load(DenoiserScripts.inference(config, DenoiserScripts.fold(config, trained)));
    }

    @Override
    public int channels() {
        return config.inChannels();
    }

    @Override
    public int height() {
        return config.inputSize();
    }

    @Override
    public int width() {
        return config.inputSize();
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public boolean learnsSigma() {
        return config.learnsSigma();
    }

    @Override
    public void predict(int rows, float[] x, float[] t, long[] y, float[] out) {
        int side = config.inputSize();
        int size = rows * config.inChannels() * side * side;
        int outSize = rows * config.outChannels() * side * side;
        Tensor result = network.run(
                        "forward",
                        Tensor.of(Arrays.copyOf(x, size), rows, config.inChannels(), side, side),
                        Tensor.of(Arrays.copyOf(t, rows), rows),
                        Tensor.of(Arrays.copyOf(y, rows), rows))
                .get(0);
        result.data().asFloatBuffer().get(out, 0, outSize);
    }

    @Override
    public void close() {
        network.close();
    }
}
