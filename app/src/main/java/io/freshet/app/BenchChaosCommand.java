package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.chaos.Chaos;
import io.freshet.app.chaos.ChaosFigures;
import io.freshet.app.chaos.ChaosFigures.Event;
import io.freshet.app.chaos.Fault;
import io.freshet.app.chaos.RescaleFigures;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.StopSignals.Reaction;
import io.freshet.app.console.Table;
import io.freshet.app.console.Table.Column;
import io.freshet.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Lets every part of a deployment fail, and counts. */
@Command(
        name = "chaos",
        description = {
            "Let a broker, a JobManager and two TaskManagers fail, each a process of its own, while they draw images.",
            "",
            "Each round brings one fault, drawn from the seed, and lasts until the job has recovered: 'taskmanager', 'jobmanager'"
                    + " and 'broker' are killed (kill -9) and started again, 'stop' stops any process for some seconds, 'disk' keeps"
                    + " every file of Flink's processes from growing, and 'checkpoint' damages the newest Flink checkpoint when it is"
                    + " needed. Then the parallelism goes from 1 over 2 and 3 to 1 through savepoints. In the end every image must"
                    + " have come once, with the bits that the engine alone gives it."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet bench chaos",
            "  freshet bench chaos --rounds 50 --seed 1 --json",
            "  freshet bench chaos --faults taskmanager,stop --no-rescale --directory runs/chaos",
            "",
            "Exit codes: 0 done, 1 an image is missing, came twice or is another one, or the job did not recover, 2 bad input,"
                    + " 130 stopped by Ctrl-C."
        })
final class BenchChaosCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private BenchCommand parent;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "10",
            description = "Faults, one after the other. Default: ${DEFAULT-VALUE}")
    private int rounds;

    @Option(
            names = "--seed",
            paramLabel = "SEED",
            defaultValue = "1",
            description = "Of the faults and of the load. Default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(
            names = "--faults",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Which may come, separated by commas: taskmanager, jobmanager, broker, stop, disk, checkpoint, or outage,"
                            + " a minute without broker. Default: all but outage")
    private @Nullable List<String> faults;

    @Option(names = "--no-rescale", description = "Leave the parallelism as it is in the end.")
    private boolean noRescale;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description =
                    "A new directory for what the processes leave, such as their logs. Default: a temporary one, which stays"
                            + " if anything went wrong")
    private @Nullable Path directory;

    @Option(names = "--json", description = "Print the figures as one JSON object on standard output.")
    private boolean asJson;

    BenchChaosCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws CommandException, IOException, InterruptedException {
        Chaos.Options options = options();
        Path work = workDirectory();
        Logging.toFile(work.resolve("logs").resolve("freshet.log"));
        boolean passed = false;
        try (StopSignals.Section section = session.stop().during(Reaction.INTERRUPT)) {
            ChaosFigures figures = measure(options, work);
            if (asJson) {
                session.results().println(new ObjectMapper().writeValueAsString(figures));
            } else {
                lines(figures).forEach(session.results()::println);
            }
            passed = figures.pass();
            return passed ? ExitCode.OK : ExitCode.FAILURE;
        } finally {
            if (directory == null && (passed || session.stop().exitCode().isPresent())) {
                FileUtils.deleteDirectory(work.toFile());
            } else {
                session.terminal().line("logs are in " + work.resolve("logs"));
            }
        }
    }

    private Chaos.Options options() throws CommandException {
        try {
            List<Fault> chosen = faults == null
                    ? Fault.USUAL
                    : faults.stream().map(Fault::fromOptionName).toList();
            return new Chaos.Options(rounds, seed, chosen, !noRescale);
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(e);
        }
    }

    private Path workDirectory() throws CommandException, IOException {
        if (directory == null) {
            return Files.createTempDirectory("freshet-chaos-");
        }
        if (Files.exists(directory)) {
            throw CommandException.badInput(
                    "'" + directory + "' is there already: expected the name of a directory that is not");
        }
        return Files.createDirectories(directory).toAbsolutePath();
    }

    private ChaosFigures measure(Chaos.Options options, Path work)
            throws CommandException, IOException, InterruptedException {
        try (ProgressBar bar = new ProgressBar(session.terminal(), "chaos", "rounds", rounds)) {
            return new Chaos(options, listener(bar)).run(work);
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(e);
        } catch (TimeoutException | CheckpointException | IllegalStateException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
    }

    private static Chaos.Listener listener(ProgressBar bar) {
        return new Chaos.Listener() {
            @Override
            public void stage(String what) {
                bar.detail(what);
            }

            @Override
            public void round(int number, Fault fault, double recoverySeconds, long delivered) {
                bar.update(
                        number,
                        String.format(
                                Locale.ROOT,
                                "%s: back after %.1f s · %,d images",
                                fault.optionName(),
                                recoverySeconds,
                                delivered));
            }

            @Override
            public void undisturbed(long images) {
                bar.detail(String.format(Locale.ROOT, "%,d images drawn undisturbed", images));
            }
        };
    }

    private static List<String> lines(ChaosFigures figures) {
        Table table = new Table(
                Column.text("fault"),
                Column.number("times"),
                Column.number("back after, median s"),
                Column.number("longest"),
                Column.number("images visible after, median s"),
                Column.number("longest"));
        for (var entry : figures.events().entrySet()) {
            Event event = entry.getValue();
            table.row(
                    entry.getKey(),
                    Integer.toString(event.count()),
                    seconds(event.recoverySecondsP50()),
                    seconds(event.recoverySecondsMax()),
                    seconds(event.visibleSecondsP50()),
                    seconds(event.visibleSecondsMax()));
        }
        List<String> lines = new ArrayList<>(table.lines());
        lines.add("");
        lines.add(counts(figures.requested(), figures.delivered(), figures.distinct(), figures.mismatched()));
        lines.add(String.format(
                Locale.ROOT,
                "%d rounds in %.0f s, %d kills; back after %.1f s (median), %.1f s (longest); %,d samples resumed in mid-trajectory;"
                        + " %d damaged Flink checkpoints passed over",
                figures.rounds(),
                figures.seconds(),
                figures.kills(),
                figures.recoverySecondsP50(),
                figures.recoverySecondsMax(),
                figures.rowsResumed(),
                figures.damagedCheckpoints()));
        RescaleFigures rescaled = figures.rescale();
        if (rescaled != null) {
            lines.add("");
            lines.add("parallelism "
                    + rescaled.parallelism().stream().map(String::valueOf).collect(Collectors.joining(" → ")) + ": "
                    + counts(rescaled.requested(), rescaled.delivered(), rescaled.distinct(), rescaled.mismatched()));
            lines.add("seconds until all engines stepped again: "
                    + rescaled.recoverySeconds().stream()
                            .map(BenchChaosCommand::seconds)
                            .collect(Collectors.joining(", ")));
        }
        return lines;
    }

    private static String counts(long requested, long delivered, long distinct, long mismatched) {
        return String.format(
                Locale.ROOT,
                "%,d samples requested, %,d images delivered, %,d of them distinct, %,d mismatched",
                requested,
                delivered,
                distinct,
                mismatched);
    }

    private static String seconds(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
