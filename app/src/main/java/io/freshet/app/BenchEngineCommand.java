package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.bench.EngineBench;
import io.freshet.app.bench.EngineFigures;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.console.Table;
import io.freshet.app.console.Table.Column;
import io.freshet.app.models.NamedNetworks;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.model.DenoiserConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Measures the engine under a mixed load. */
@Command(
        name = "engine",
        description = {
            "Replay a mixed load with continuous and with static batching, and time the engine.",
            "",
            "Requests of 10 to 250 steps, half of them guided, come at random to a U-DiT; those of at most 25 steps go first."
                    + " The replay is in virtual time: a pass takes what it was measured to take, by its number of rows. Beside"
                    + " the engine's batch sizes, 4, 8, 16 and 32 are timed."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet bench engine",
            "  freshet bench engine --utilisation 0.9 --requests 2000 --json",
            "  freshet bench engine --model U-DiT-S --rounds 5 --longest-step 2",
        })
final class BenchEngineCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private BenchCommand parent;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = "One of those that 'freshet model list' shows. Default: a small U-DiT of 32 channels.")
    private @Nullable String model;

    @Mixin
    private BatchOptions batches = new BatchOptions();

    @Option(
            names = "--requests",
            paramLabel = "N",
            defaultValue = "1000",
            description = "How many come, at least 20. Default: ${DEFAULT-VALUE}")
    private int requests;

    @Option(
            names = "--utilisation",
            paramLabel = "SHARE",
            defaultValue = "0.7",
            description = "Rows asked for over those that full passes do. Default: ${DEFAULT-VALUE}")
    private double utilisation;

    @Option(
            names = "--rounds",
            paramLabel = "R",
            defaultValue = "25",
            description = "How often each pass is timed. Default: ${DEFAULT-VALUE}")
    private int rounds;

    @Option(names = "--seed", paramLabel = "SEED", defaultValue = "1", description = "Of the load. Default: 1")
    private long seed;

    @Option(names = "--json", description = "Print the figures as one JSON object on standard output.")
    private boolean asJson;

    BenchEngineCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws CommandException, IOException {
        Logging.toConsole(parent.verbose());
        EngineFigures figures = measure();
        if (asJson) {
            session.results().println(new ObjectMapper().writeValueAsString(figures));
        } else {
            lines(figures).forEach(session.results()::println);
        }
        return ExitCode.OK;
    }

    private EngineFigures measure() throws CommandException, IOException {
        try {
            EngineBench bench = new EngineBench(network(), batches.parse(), requests, utilisation, rounds, seed);
            try (ProgressBar bar = new ProgressBar(session.terminal(), "measuring", "rounds", rounds)) {
                return bench.run(done -> bar.update(done, ""));
            }
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(e);
        } catch (CheckpointException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
    }

    private DenoiserConfig network() throws CommandException {
        return model == null ? EngineBench.SMALL : NamedNetworks.find(model).config();
    }

    private static List<String> lines(EngineFigures figures) {
        Table table = new Table(
                Column.text(""),
                Column.number("continuous"),
                Column.number("static"),
                Column.number("static/continuous"));
        row(
                table,
                "short requests, median seconds",
                figures.shortMedianSecondsContinuous(),
                figures.shortMedianSecondsStatic());
        row(table, "short requests, p95 seconds", figures.shortP95SecondsContinuous(), figures.shortP95SecondsStatic());
        row(
                table,
                "other requests, median seconds",
                figures.longMedianSecondsContinuous(),
                figures.longMedianSecondsStatic());
        row(table, "images per second", figures.imagesPerSecondContinuous(), figures.imagesPerSecondStatic());
        row(table, "share of time in passes", figures.busyShareContinuous(), figures.busyShareStatic());
        List<String> lines = new ArrayList<>(passes(figures).lines());
        lines.add("");
        lines.add(String.format(
                Locale.ROOT,
                "rows per second, %s over 4 to 32: %.2f",
                figures.profiledMillis().isEmpty() ? "told buckets" : "chosen buckets",
                figures.rowsPerSecondRatio()));
        lines.add("");
        lines.addAll(table.lines());
        lines.add("");
        lines.add(String.format(
                Locale.ROOT,
                "engine over bare forward passes: %.1f %% (%.2f ms, %.2f ms)",
                100 * figures.engineOverhead(),
                1e3 * figures.engineStepSeconds(),
                1e3 * figures.bareForwardSeconds()));
        lines.add(String.format(
                Locale.ROOT,
                "%d requests (%d short) at a utilisation of %.2f, %s time, %d threads",
                figures.requests(),
                figures.shortRequests(),
                figures.utilisation(),
                figures.time(),
                figures.threads()));
        return lines;
    }

    private static Table passes(EngineFigures figures) {
        Table table = new Table(
                Column.number("rows"), Column.number("seconds"), Column.number("rows/s"), Column.text("used"));
        figures.passSeconds()
                .forEach((rows, seconds) -> table.row(
                        String.valueOf(rows),
                        number(seconds),
                        String.format(Locale.ROOT, "%.1f", rows / seconds),
                        figures.buckets().contains(rows) ? "yes" : "no"));
        return table;
    }

    private static void row(Table table, String name, double ours, double fixed) {
        table.row(name, number(ours), number(fixed), number(fixed / ours));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
