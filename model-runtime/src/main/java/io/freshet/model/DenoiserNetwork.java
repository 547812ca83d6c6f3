package io.freshet.model;

import io.freshet.script.Graph;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** An architecture at one configuration: its parameters, how they fold for inference, and its forward pass. */
public interface DenoiserNetwork {
    /** Sizes of what a checkpoint holds, by the names of the original's state dict and in its order. */
    Map<String, long[]> parameters();

    /** Those of the parameters that are not trained. */
    Set<String> frozen();

    /** How many numbers the parameters are once all that folds is folded; all of them where nothing does. */
    default long foldedParameters() {
        return ParameterCounts.numbers(parameters());
    }

    /** Tensors that the forward pass reads and no checkpoint holds. */
    Map<String, Tensor> constants();

    /**
     * By the name of each tensor that the forward pass reads, how it follows from the parameters. Recipes are differentiable and
     * never change their inputs, so that training and inference share them.
     */
    Map<String, Function<Graph, Value>> folding();

    /** How many label embedders there are; in training each drops labels on its own. */
    int labelEmbedders();

    /**
     * Emits the forward pass.
     *
     * @param weights reads what {@link #folding} and {@link #constants} name
     * @param x [B, C, S, S]
     * @param t [B] float timesteps, in the convention of the architecture
     * @param labels [B] int64, one for each label embedder
     * @return [B, outChannels, S, S]
     */
    Value forward(Graph g, Function<String, Value> weights, Value x, Value t, List<Value> labels);

    /**
     * Work of one forward pass for one image.
     *
     * @param folded of the inference form rather than the trainable one
     */
    MultiplyAccumulates multiplyAccumulates(boolean folded);
}
