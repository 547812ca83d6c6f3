package io.freshet.model;

import io.freshet.model.DiTConfig.Blocks;
import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * How the tensors that a DiT multiplies by follow from its parameters. Most are the parameters themselves.
 *
 * <ul>
 *   <li>{@code x_embedder.proj}: patches do not overlap, so that the convolution is a matrix.
 *   <li>LLaMA {@code attn.qkv}: in each head of queries and keys the first members of all pairs come first and then the second
 *       ones, so that RoPE exchanges the halves of a head rather than neighbours. Products of queries and keys do not notice.
 *   <li>LLaMA blocks do without {@code pos_embed}.
 * </ul>
 */
final class DiTFolding {
    private DiTFolding() {}

    /** By the name of the tensor that the network reads, how to compute it. */
    static Map<String, Function<Graph, Value>> recipes(DiTConfig config) {
        boolean llama = config.blocks() == Blocks.LLAMA;
        Map<String, Function<Graph, Value>> recipes = new LinkedHashMap<>();
        DiTParameters.of(config).forEach((name, shape) -> {
            if (name.equals("x_embedder.proj.weight")) {
                recipes.put(name, g -> g.op("torch.flatten", g.parameter(name), 1));
            } else if (llama && name.contains(".attn.qkv.")) {
                recipes.put(name, g -> halved(g, g.parameter(name), shape, config));
            } else if (!llama || !name.equals(DiTParameters.POSITIONS)) {
                recipes.put(name, g -> g.parameter(name));
            }
        });
        return recipes;
    }

    /** Rows (head, pair, member) of queries and keys become (head, member, pair); values stay. */
    private static Value halved(Graph g, Value qkv, long[] shape, DiTConfig config) {
        long width = config.hiddenSize();
        long in = shape.length == 1 ? 1 : shape[1];
        List<Value> parts = g.split(qkv, 0, List.of(2 * width, width));
        Value pairs = g.reshape(parts.get(0), 2L * config.numHeads(), config.headSize() / 2, 2, in);
        long[] sizes = shape.clone();
        sizes[0] = 2 * width;
        return g.cat(List.of(g.reshape(g.permute(pairs, 0, 2, 1, 3), sizes), parts.get(1)), 0);
    }
}
