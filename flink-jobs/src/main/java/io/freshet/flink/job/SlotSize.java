package io.freshet.flink.job;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.apache.flink.api.common.operators.SlotSharingGroup;
import org.apache.flink.configuration.MemorySize;

/**
 * What a slot offers.
 *
 * @param cpus processor cores, above 0
 * @param heap Java memory, above 0
 * @param offHeap memory outside of it that tasks allocate, such as LibTorch's
 * @param managed memory that Flink manages, which RocksDB works in
 */
public record SlotSize(double cpus, MemorySize heap, MemorySize offHeap, MemorySize managed) {
    private static final String EXPECTED =
            "expected such as cpus=1,heap=512m,off-heap=2g,managed=0, of which any may be left out";

    public SlotSize {
        if (!(cpus > 0 && cpus <= 1024)) {
            throw new IllegalArgumentException("cpus is " + cpus + ": expected above 0 and at most 1024");
        }
        if (heap.compareTo(MemorySize.ZERO) <= 0) {
            throw new IllegalArgumentException("heap is " + heap + ": expected more, such as 512m");
        }
    }

    /**
     * Reads {@code name=value} pairs with commas between.
     *
     * @param base what is taken where one is left out
     * @throws IllegalArgumentException saying what is wrong with which
     */
    static SlotSize parse(String text, SlotSize base) {
        Map<String, String> given = new HashMap<>();
        for (String pair : text.toLowerCase(Locale.ROOT).split(",", -1)) {
            int equals = pair.indexOf('=');
            if (equals < 1
                    || given.put(
                                    pair.substring(0, equals).strip(),
                                    pair.substring(equals + 1).strip())
                            != null) {
                throw new IllegalArgumentException("'" + pair + "': " + EXPECTED);
            }
        }
        Set<String> unknown = new TreeSet<>(given.keySet());
        unknown.removeAll(Set.of("cpus", "heap", "off-heap", "managed"));
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("'" + String.join(", ", unknown) + "': " + EXPECTED);
        }
        return new SlotSize(
                read(given, "cpus", Double::valueOf, base.cpus),
                read(given, "heap", MemorySize::parse, base.heap),
                read(given, "off-heap", MemorySize::parse, base.offHeap),
                read(given, "managed", MemorySize::parse, base.managed));
    }

    private static <T> T read(Map<String, String> given, String name, Function<String, T> parse, T otherwise) {
        String text = given.get(name);
        try {
            return text == null ? otherwise : parse.apply(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + name + "=" + text + "': " + EXPECTED, e);
        }
    }

    /** A group whose slots are of this size. */
    SlotSharingGroup.Builder group(String name) {
        return SlotSharingGroup.newBuilder(name)
                .setCpuCores(cpus)
                .setTaskHeapMemory(heap)
                .setTaskOffHeapMemory(offHeap)
                .setManagedMemory(managed);
    }
}
