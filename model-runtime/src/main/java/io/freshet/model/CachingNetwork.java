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
     * Emits the forward pass, with the very operations of {@link #forward}, and what its deep stages leave.
     *
     * @param weights as for {@link #forward}
     * @param x [B, C, S, S]
     * @param t [B] float timesteps
     * @param labels [B] int64, one for each label embedder
     * @return the prediction, [B, outChannels, S, S], and features, float32, {@link #featureSize} numbers for each row
     */
    List<Value> forwardWhole(Graph g, Function<String, Value> weights, Value x, Value t, List<Value> labels);

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
