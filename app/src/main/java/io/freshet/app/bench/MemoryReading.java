package io.freshet.app.bench;

import io.freshet.app.local.ProcessMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory of this process at one time.
 *
 * @param residentMiB what is resident
 * @param heapMiB what of the Java heap is in use once garbage is gone
 */
public record MemoryReading(double residentMiB, double heapMiB) {
    /**
     * Collects garbage and looks.
     *
     * @throws IllegalStateException if the operating system does not tell what is resident
     */
    public static MemoryReading now() {
        System.gc(); // native memory behind buffers is freed with them
        Runtime runtime = Runtime.getRuntime();
        double heapMiB = (runtime.totalMemory() - runtime.freeMemory()) / (double) (1 << 20);
        long residentKiB = ProcessMemory.residentKiB(ProcessHandle.current().pid())
                .orElseThrow(() -> new IllegalStateException(
                        "This operating system does not tell what is resident: expected /proc, as Linux has it"));
        return new MemoryReading(residentKiB / 1024.0, heapMiB);
    }

    /**
     * How much memory has grown from the first to the last of readings after equal amounts of work. The launcher has the heap resident from the
     * start, so that objects kept on it do not show there: what is in use of it is added.
     */
    public static double growthMiB(List<MemoryReading> readings) {
        return (readings.size() - 1)
                * (slope(readings.stream().map(MemoryReading::residentMiB).toList())
                        + slope(readings.stream().map(MemoryReading::heapMiB).toList()));
    }

    /**
     * Growth from one reading to the next: the median of the slopes between all pairs (Theil and Sen), which a leak moves and a
     * jump, such as a heap that is extended once, does not.
     */
    static double slope(List<Double> readings) {
        List<Double> slopes = new ArrayList<>();
        for (int i = 0; i < readings.size(); i++) {
            for (int k = i + 1; k < readings.size(); k++) {
                slopes.add((readings.get(k) - readings.get(i)) / (k - i));
            }
        }
        return Spread.of(slopes).median();
    }
}
