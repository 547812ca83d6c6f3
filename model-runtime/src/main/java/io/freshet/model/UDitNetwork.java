package io.freshet.model;

import io.freshet.model.UDitRecipe.FeedForward;
import io.freshet.script.Graph;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** The parts of a U-DiT: {@link UDitParameters}, {@link UDitConstants}, {@link UDitFolding}, {@link UDit} and {@link UDitWork}. */
record UDitNetwork(UDitConfig config) implements CachingNetwork {
    private static final int LEVELS = 3;

    @Override
    public Map<String, long[]> parameters() {
        return UDitParameters.of(config);
    }

    @Override
    public Set<String> frozen() {
        return Set.of();
    }

    @Override
    public long foldedParameters() {
        boolean folds = config.recipe().feedForward() == FeedForward.REPARAMETRISED;
        return UDitParameters.count(folds ? config.with(config.recipe().with(FeedForward.DEPTHWISE)) : config);
    }

    @Override
    public Map<String, Tensor> constants() {
        return UDitConstants.of(config);
    }

    @Override
    public Map<String, Function<Graph, Value>> folding() {
        return UDitFolding.recipes(config);
    }

    @Override
    public int labelEmbedders() {
        return LEVELS;
    }

    @Override
    public Value forward(Graph g, Function<String, Value> weights, Value x, Value t, List<Value> labels) {
        return new UDit(g, config, weights).forward(x, t, labels);
    }

    @Override
    public int featureSize() {
        return config.side(4) * config.side(4) * config.width(4);
    }

    @Override
    public Cut forwardCut(Graph g, Function<String, Value> weights, Value x, Value t, List<Value> labels) {
        return new UDit(g, config, weights).forwardCut(x, t, labels);
    }

    @Override
    public Value features(Graph g, Function<String, Value> weights, Value encoded, Value toDecode) {
        return new UDit(g, config, weights).features(encoded, toDecode);
    }

    @Override
    public Value forwardShallow(
            Graph g, Function<String, Value> weights, Value x, Value t, List<Value> labels, Value features) {
        return new UDit(g, config, weights).forwardShallow(x, t, labels, features);
    }

    @Override
    public MultiplyAccumulates multiplyAccumulates(boolean folded) {
        return new UDitWork(config, folded).count();
    }
}
