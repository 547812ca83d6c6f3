package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.bench.MemoryBench;
import io.freshet.app.bench.MemoryFigures;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.checkpoint.CheckpointException;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Watches memory while the engine works. */
@Command(
        name = "memory",
        description = {
            "Watch resident memory while the engine steps and swaps checkpoints.",
            "",
            "First steps without swaps, then swaps with a few steps between them, over a tiny network, after a warm-up that does not"
                    + " count. The exit code is 1 if memory grows by more than the bound."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {"", "Examples:", "  freshet bench memory", "  freshet bench memory --steps 10000 --swaps 1000 --json"
        })
final class BenchMemoryCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private BenchCommand parent;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Steps of the engine. Default: ${DEFAULT-VALUE}")
    private int steps;

    @Option(
            names = "--swaps",
            paramLabel = "N",
            defaultValue = "100",
            description = "Swaps of checkpoints. Default: ${DEFAULT-VALUE}")
    private int swaps;

    @Option(
            names = "--bound",
            paramLabel = "MIB",
            defaultValue = "16",
            description = "How much memory may grow in all, in MiB. Default: ${DEFAULT-VALUE}")
    private double bound;

    @Option(names = "--json", description = "Print the figures as one JSON object on standard output.")
    private boolean asJson;

    BenchMemoryCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws CommandException, IOException {
        Logging.toConsole(parent.verbose());
        MemoryFigures figures = measure();
        if (asJson) {
            session.results().println(new ObjectMapper().writeValueAsString(figures));
        } else {
            session.results()
                    .println(String.format(
                            Locale.ROOT,
                            "resident after warming up %.1f MiB, at the end %.1f MiB",
                            figures.startMiB(),
                            figures.endMiB()));
            session.results()
                    .println(String.format(
                            Locale.ROOT,
                            "growth %.2f MiB per 100 steps, %.2f MiB per 100 swaps; %.2f MiB in all (%.2f %%), at most %.0f"
                                    + " MiB expected: %s",
                            figures.growthMiBPer100Steps(),
                            figures.growthMiBPer100Swaps(),
                            figures.growthMiB(),
                            100 * figures.flatness(),
                            figures.boundMiB(),
                            figures.pass() ? "flat" : "it grows"));
        }
        return figures.pass() ? ExitCode.OK : ExitCode.FAILURE;
    }

    private MemoryFigures measure() throws CommandException, IOException {
        try {
            MemoryBench bench = new MemoryBench(steps, swaps, bound);
            try (ProgressBar bar = new ProgressBar(session.terminal(), "working", "steps and swaps", bench.work())) {
                return bench.run(done -> bar.update(done, ""));
            }
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(e);
        } catch (CheckpointException | IllegalStateException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
    }
}
