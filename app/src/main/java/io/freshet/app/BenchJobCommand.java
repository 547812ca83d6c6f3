package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.bench.EngineBench;
import io.freshet.app.bench.job.Figure;
import io.freshet.app.bench.job.JobBench;
import io.freshet.app.bench.job.JobFigures;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.Table;
import io.freshet.app.console.Table.Column;
import io.freshet.app.models.NamedNetworks;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.model.UDitConfig;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Measures the job against its targets. */
@Command(
        name = "job",
        description = {
            "Measure the whole job, with broker, cluster and client in this process, against its targets.",
            "",
            "barrier: from a barrier to the reader's snapshot. savepoint: stop with a savepoint, 10^6 samples waiting. swap: gaps"
                    + " between steps while a checkpoint replaces another. announcement: until the first image with new weights."
                    + " throughput: images per second over those of a bare engine. resume: after a TaskManager, a process of its own here, was"
                    + " killed. swaps, cancels: memory over many swaps, and over many submissions to one TaskManager.",
            "",
            "All of it takes about 20 minutes on two cores. The exit code is 1 if a target is missed."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet bench job --json",
            "  freshet bench job --only barrier,savepoint",
            "  freshet bench job --only throughput --rounds 10 --images 128",
        })
final class BenchJobCommand implements Callable<Integer> {
    private static final String SMALL = "small";

    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private BenchCommand parent;

    @Option(
            names = "--only",
            paramLabel = "PART,PART...",
            split = ",",
            description =
                    "What to measure: barrier, savepoint, swap, announcement, throughput, resume, swaps, cancels. Default: all")
    private @Nullable List<String> only;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = "U-DiT-S",
            description =
                    "A U-DiT that 'freshet model list' shows, or 'small', of 32 channels; with three channels, of pixels. Default:"
                            + " ${DEFAULT-VALUE}")
    private String model = "U-DiT-S";

    @Option(
            names = "--checkpoints",
            paramLabel = "N",
            defaultValue = "200",
            description = "Checkpoints of Flink that the barrier is timed by. Default: ${DEFAULT-VALUE}")
    private int checkpoints;

    @Option(
            names = "--rounds",
            paramLabel = "R",
            defaultValue = "4",
            description = "How often job and bare engine take turns. Default: ${DEFAULT-VALUE}")
    private int rounds;

    @Option(
            names = "--images",
            paramLabel = "N",
            defaultValue = "32",
            description = "Images of such a round. Default: ${DEFAULT-VALUE}")
    private int images;

    @Option(
            names = "--swaps",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Swaps over which memory is watched. Default: ${DEFAULT-VALUE}")
    private int swaps;

    @Option(
            names = "--cancels",
            paramLabel = "N",
            defaultValue = "100",
            description = "Submissions over which memory is watched. Default: ${DEFAULT-VALUE}")
    private int cancels;

    @Option(
            names = "--bound",
            paramLabel = "MIB",
            defaultValue = "64",
            description = "How much memory may grow over either, in MiB. Default: ${DEFAULT-VALUE}")
    private double bound;

    @Option(names = "--json", description = "Print the figures as one JSON object on standard output.")
    private boolean asJson;

    BenchJobCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws CommandException, IOException, InterruptedException {
        Logging.toConsole(parent.verbose());
        JobFigures figures = measure();
        if (asJson) {
            session.results().println(new ObjectMapper().writeValueAsString(figures));
        } else {
            table(figures).lines().forEach(session.results()::println);
        }
        return figures.pass() ? ExitCode.OK : ExitCode.FAILURE;
    }

    private JobFigures measure() throws CommandException, IOException, InterruptedException {
        try (StopSignals.Section measuring = session.stop().during(StopSignals.Reaction.INTERRUPT);
                Bars bars = new Bars()) {
            return new JobBench(model, network(), parts(), checkpoints, rounds, images, swaps, cancels, bound)
                    .run(bars);
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(e);
        } catch (CheckpointException | IllegalStateException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
    }

    private UDitConfig network() throws CommandException {
        if (model.equals(SMALL)) {
            return (UDitConfig) EngineBench.SMALL;
        }
        if (NamedNetworks.find(model).config() instanceof UDitConfig config) {
            return config;
        }
        throw CommandException.badInput("'" + model + "' is no U-DiT: expected one, such as U-DiT-S, or 'small'");
    }

    private Set<JobBench.Part> parts() throws CommandException {
        EnumSet<JobBench.Part> parts = EnumSet.noneOf(JobBench.Part.class);
        List<String> names = only;
        if (names == null) {
            return EnumSet.allOf(JobBench.Part.class);
        }
        for (String name : names) {
            parts.add(Arrays.stream(JobBench.Part.values())
                    .filter(part -> part.wireName().equals(name))
                    .findFirst()
                    .orElseThrow(() -> CommandException.badInput("there is nothing called '" + name
                            + "' to be measured: expected some of "
                            + Arrays.stream(JobBench.Part.values())
                                    .map(JobBench.Part::wireName)
                                    .collect(Collectors.joining(", ")))));
        }
        return parts;
    }

    /** A bar for each part. */
    private final class Bars implements JobBench.Listener, AutoCloseable {
        private @Nullable ProgressBar bar;

        @Override
        public IntConsumer begins(JobBench.Part part, String unit, int work) {
            close();
            ProgressBar next = new ProgressBar(session.terminal(), part.wireName(), unit, work);
            bar = next;
            return done -> next.update(done, "");
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
            }
        }
    }

    private static Table table(JobFigures figures) {
        Table table = new Table(
                Column.text(""), Column.number("measured"), Column.text(""), Column.text("target"), Column.text(""));
        for (Figure figure : figures.figures().values()) {
            Double target = figure.target();
            table.row(
                    figure.what(),
                    number(figure.value()),
                    figure.unit(),
                    target == null ? "" : figure.relation() + " " + number(target),
                    figure.pass() == null ? "" : figure.pass() ? "reached" : "missed");
        }
        return table;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.3f" : "%.1f", value);
    }
}
