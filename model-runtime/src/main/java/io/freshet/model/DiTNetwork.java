package io.freshet.model;

import io.freshet.model.DiTConfig.Blocks;
import io.freshet.script.Graph;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** The parts of a DiT: {@link DiTParameters}, {@link DiTConstants}, {@link DiTFolding} and {@link DiT}. */
record DiTNetwork(DiTConfig config) implements DenoiserNetwork {
    @Override
    public Map<String, long[]> parameters() {
        return DiTParameters.of(config);
    }

    @Override
    public Set<String> frozen() {
        return Set.of(DiTParameters.POSITIONS);
    }

    @Override
    public Map<String, Tensor> constants() {
        return DiTConstants.of(config);
    }

    @Override
    public Map<String, Function<Graph, Value>> folding() {
        return DiTFolding.recipes(config);
    }

    @Override
    public int labelEmbedders() {
        return 1;
    }

    @Override
    public Value forward(Graph g, Function<String, Value> weights, Value x, Value t, List<Value> labels) {
        return new DiT(g, config, weights).forward(x, t, labels.get(0));
    }

    /** The same folded or not, for folding only moves numbers. */
    @Override
    public MultiplyAccumulates multiplyAccumulates(boolean folded) {
        boolean llama = config.blocks() == Blocks.LLAMA;
        long n = config.tokens();
        long width = config.hiddenSize();
        long patch = (long) config.patchSize() * config.patchSize();
        long features = config.mlpFeatures();
        long square = width * width;
        long convolution = n * width * patch * config.inChannels();

        long mlp = (llama ? 3 : 2) * width * features;
        long block = n * (4 * square + mlp) + 6 * square; // attention and MLP of each token, adaLN once
        long time = Sinusoids.TIMESTEP_FREQUENCIES * width + square;
        long last = n * width * patch * config.headChannels() + 2 * square;
        long linear = time + config.depth() * block + last;

        long attention = config.depth() * 2 * n * n * width;

        // Two modulations and two gates; then the scale of queries in DiT, or RoPE's complex pairs of queries and keys
        // and
        // the gate of SwiGLU in LLaMA.
        long products = 5 * n * width + (llama ? n * features : 0);
        long elementwise = Sinusoids.TIMESTEP_FREQUENCIES + config.depth() * products + n * width;
        return new MultiplyAccumulates(convolution, linear, attention, elementwise);
    }
}
