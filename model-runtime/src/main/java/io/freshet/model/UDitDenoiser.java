package io.freshet.model;

import io.freshet.sampling.Denoiser;
import io.freshet.script.TorchModule;
import io.freshet.weights.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A U-DiT in its folded inference form. */
final class UDitDenoiser implements Denoiser {
    private final UDitConfig config;
    private final List<String> classNames;
    private final TorchModule network;

    UDitDenoiser(UDitConfig config, List<String> classNames, Map<String, Tensor> trained) {
        this.config = config;
        this.classNames = List.copyOf(classNames);
        this.network = TorchModule.load(UDitScripts.inference(config, UDitScripts.fold(config, trained)));
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
        return true;
    }

    @Override
    public void predict(int rows, float[] x, float[] t, long[] y, float[] out) {
        int side = config.inputSize();
        int size = rows * config.inChannels() * side * side;
        Tensor result = network.run(
                        "forward",
                        Tensor.of(Arrays.copyOf(x, size), rows, config.inChannels(), side, side),
                        Tensor.of(Arrays.copyOf(t, rows), rows),
                        Tensor.of(Arrays.copyOf(y, rows), rows))
                .get(0);
        result.data().asFloatBuffer().get(out, 0, 2 * size);
    }

    @Override
    public void close() {
        network.close();
    }
}
