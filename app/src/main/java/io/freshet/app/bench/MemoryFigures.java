package io.freshet.app.bench;

import java.util.List;

/**
 * Memory over time; the names are those of the JSON report. The memory of a process goes up and down by itself, so that growth is
 * a slope through all readings, times the work done: of resident memory plus of what is in use on the Java heap.
 *
 * @param steps of the engine
 * @param swaps checkpoints that were loaded, of which the one before was unloaded
 * @param startMiB resident after warming up
 * @param endMiB resident at the end
 * @param growthMiBPer100Steps while steps were taken and no checkpoint swapped
 * @param growthMiBPer100Swaps while checkpoints were swapped, with few steps between
 * @param growthMiB of all steps and swaps together
 * @param flatness growthMiB over startMiB: 0 is flat
 * @param boundMiB the most that growthMiB may be
 * @param pass whether it is no more than that
 * @param residentMiB all readings of resident memory, in order
 * @param heapMiB what was in use on the Java heap then
 */
public record MemoryFigures(
        int steps,
        int swaps,
        double startMiB,
        double endMiB,
        double growthMiBPer100Steps,
        double growthMiBPer100Swaps,
        double growthMiB,
        double flatness,
        double boundMiB,
        boolean pass,
        List<Double> residentMiB,
        List<Double> heapMiB) {
    public MemoryFigures {
        residentMiB = List.copyOf(residentMiB);
        heapMiB = List.copyOf(heapMiB);
    }
}
