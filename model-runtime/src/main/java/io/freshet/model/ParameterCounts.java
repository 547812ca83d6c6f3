package io.freshet.model;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How large a network is.
 *
 * @param total numbers in a checkpoint
 * @param trained of them, those that are trained
 * @param folded numbers of the inference form, in which what was split up for training is one: what the U-DiT paper prints
 * @param labelTables of the total, those in the tables of the label embedders, which a forward pass reads a row of
 */
public record ParameterCounts(long total, long trained, long folded, long labelTables) {
    private static final String LABEL_TABLE = "embedding_table.weight";

    /** Counts. */
    public static ParameterCounts of(DenoiserNetwork network) {
        Map<String, long[]> trained = new LinkedHashMap<>(network.parameters());
        trained.keySet().removeAll(network.frozen());
        Map<String, long[]> tables = new LinkedHashMap<>(network.parameters());
        tables.keySet().removeIf(name -> !name.endsWith(LABEL_TABLE));
        return new ParameterCounts(
                numbers(network.parameters()), numbers(trained), network.foldedParameters(), numbers(tables));
    }

    /** How many numbers tensors of these shapes hold. */
    static long numbers(Map<String, long[]> shapes) {
        long numbers = 0;
        for (long[] shape : shapes.values()) {
            long numel = 1;
            for (long size : shape) {
                numel *= size;
            }
            numbers += numel;
        }
        return numbers;
    }
}
