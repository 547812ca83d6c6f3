package io.freshet.model;

import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.List;
import java.util.function.Function;

/**
 * A network whose deep stages need not be run for every step of a sampler: they see little of what changes between neighbouring steps,
 * so their result can be kept and used again (DeepCache, Ma et al. 2024, arXiv 2312.00858).
 */
public interface CachingNetwork extends DenoiserNetwork {
    /** How many numbers the deep stages leave of one row. */
    int featureSize();

    /**
     * Emits the forward pass, with the very operations of {@link #forward}, and tells the values that features are made of.
     *
     * @param weights as for {@link #forward}
     * @param x [B, C, S, S]
     * @param t [B] float timesteps
     * @param labels [B] int64, one for each label embedder
     */
    Cut forwardCut(Graph g, Function<String, Value> weights, Value x, Value t, List<Value> labels);

    /**
     * A forward pass.
     *
     * @param prediction [B, outChannels, S, S]
     * @param encoded what the outermost stages have made of the input where the deep ones begin
     * @param toDecode what they are given where the deep ones end
     */
    record Cut(Value prediction, Value encoded, Value toDecode) {}

    /**
     * Emits what the deep stages leave.
     *
     * @param weights as for {@link #forward}
     * @param encoded of a {@link Cut}
     * @param toDecode of it
     * @return float32, {@link #featureSize} numbers for each row
     */
    Value features(Graph g, Function<String, Value> weights, Value encoded, Value toDecode);

    /**
     * Emits the outermost stages, with the features of an earlier forward pass in place of the deep ones. Of the same inputs it gives what
     * {@link #forward} does, up to rounding.
     *
     * @param weights as for {@link #forward}
     * @param x [B, C, S, S]
     * @param t [B] float timesteps
     * @param labels [B] int64, one for each label embedder
     * @param features float32, of as many rows
     * @return [B, outChannels, S, S]
     */
    Value forwardShallow(
            Graph g, Function<String, Value> weights, Value x, Value t, List<Value> labels, Value features);
}
