package io.freshet.app.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** Resident memory of processes, where the operating system tells it under {@code /proc}. */
public final class ProcessMemory {
    private static final String PEAK = "VmHWM:";
    private static final String NOW = "VmRSS:";

    private ProcessMemory() {}

    /** The most that a running process has had resident so far, in MiB; nothing once it has ended. */
    public static OptionalLong peakMiB(long pid) {
        OptionalLong kib = kib(pid, PEAK);
        return kib.isPresent() ? OptionalLong.of(kib.getAsLong() / 1024) : kib;
    }

    /** What a running process has resident now, in KiB; nothing once it has ended. */
    public static OptionalLong residentKiB(long pid) {
        return kib(pid, NOW);
    }

    private static OptionalLong kib(long pid, String key) {
        try {
            List<String> lines = Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"));
            return lines.stream()
                    .filter(line -> line.startsWith(key))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
