package io.freshet.app;

import io.freshet.app.console.CommandException;
import io.freshet.sampling.EngineOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How many rows a network runs at once: the same options wherever an engine runs in this process. */
final class BatchOptions {
    @Option(
            names = "--buckets",
            paramLabel = "N,N...",
            split = ",",
            description =
                    "Batch sizes in network rows, such as 4,8,16,32, used as they are; a guided image takes two rows. Where"
                            + " images depend on their batch (on some GPUs), a single size makes them the same each time. Default:"
                            + " 4 to 256 are timed, and those are used that are worth it.")
    private @Nullable List<Integer> buckets;

    @Option(
            names = "--longest-step",
            paramLabel = "SECONDS",
            description =
                    "Use no size whose pass takes longer, for nothing interrupts a pass. With --buckets, those are timed"
                            + " too. Default: 1")
    private @Nullable Double longestStep;

    EngineOptions parse() throws CommandException {
        try {
            return EngineOptions.of(buckets, longestStep);
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(e);
        }
    }
}
