package io.freshet.model;

import io.freshet.model.DiTConfig.Blocks;
import java.util.LinkedHashMap;
import java.util.Map;

/** Names and shapes of a DiT's parameters, in the order and with the names of the original's state dict. */
final class DiTParameters {
    /** The one that is not trained. */
    static final String POSITIONS = "pos_embed";

    private final DiTConfig config;
    private final Map<String, long[]> shapes = new LinkedHashMap<>();

    private DiTParameters(DiTConfig config) {
        this.config = config;
    }

    /** Shapes by name. */
    static Map<String, long[]> of(DiTConfig config) {
        return new DiTParameters(config).build();
    }

    private Map<String, long[]> build() {
        int width = config.hiddenSize();
        int patch = config.patchSize();
        shapes.put(POSITIONS, new long[] {1, config.tokens(), width});
        shapes.put("x_embedder.proj.weight", new long[] {width, config.inChannels(), patch, patch});
        shapes.put("x_embedder.proj.bias", new long[] {width});
        linear("t_embedder.mlp.0", Sinusoids.TIMESTEP_FREQUENCIES, width);
        linear("t_embedder.mlp.2", width, width);
        int labels = config.numClasses() + (config.classDropoutProb() > 0 ? 1 : 0);
        shapes.put("y_embedder.embedding_table.weight", new long[] {labels, width});
        if (config.blocks() == Blocks.DIT) {
            blocks(width);
            finalLayer(width, patch);
        } else {
            finalLayer(width, patch);
            llamaBlocks(width);
        }
        return shapes;
    }

    private void blocks(int width) {
        for (int i = 0; i < config.depth(); i++) {
            String block = "blocks." + i + ".";
            attention(block, width);
            linear(block + "mlp.fc1", width, config.mlpFeatures());
            linear(block + "mlp.fc2", config.mlpFeatures(), width);
            linear(block + "adaLN_modulation.1", width, 6 * width);
        }
    }

    private void llamaBlocks(int width) {
        for (int i = 0; i < config.depth(); i++) {
            String block = "blocks." + i + ".";
            linear(block + "adaLN_modulation.1", width, 6 * width);
            attention(block, width);
            shapes.put(block + "mlp.c_fc1.weight", new long[] {config.mlpFeatures(), width});
            shapes.put(block + "mlp.c_fc2.weight", new long[] {config.mlpFeatures(), width});
            shapes.put(block + "mlp.c_proj.weight", new long[] {width, config.mlpFeatures()});
        }
    }

    private void attention(String block, int width) {
        linear(block + "attn.qkv", width, 3 * width);
        linear(block + "attn.proj", width, width);
    }

    private void finalLayer(int width, int patch) {
        linear("final_layer.linear", width, patch * patch * config.headChannels());
        linear("final_layer.adaLN_modulation.1", width, 2 * width);
    }

    private void linear(String name, int in, int out) {
        shapes.put(name + ".weight", new long[] {out, in});
        shapes.put(name + ".bias", new long[] {out});
    }
}
