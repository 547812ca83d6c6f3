package io.freshet.app;

import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.StopSignals.Reaction;
import io.freshet.app.judging.LocalJudge;
import io.freshet.app.judging.ReportLines;
import io.freshet.app.local.Endpoint;
import io.freshet.flink.job.EvaluationJobOptions;
import io.freshet.flink.job.Extraction;
import io.freshet.flink.job.JobOptions;
import io.freshet.flink.job.KafkaPreflight;
import io.freshet.flink.job.PreflightException;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Judges images of any generator on this machine. */
@Command(
        name = "evaluate",
        description = {
            "Judge images of any generator that are sent over Kafka.",
            "",
            "Runs the evaluation job inside this process and prints the Fréchet distance of each source as its images come,"
                    + " until it is stopped. The same reports go to the job's topic of metrics; docs/wire.md tells how to send images."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet evaluate --bootstrap-servers kafka:9092",
            "  freshet evaluate --from-now --until-complete 1 --json",
            "      until one source has sent as many images as it said it would; a JSON object for each report",
            "",
            "Exit codes: 0 done, 1 failed, 2 bad input, 130 stopped by Ctrl-C."
        })
final class EvaluateCommand implements Callable<Integer> {
    private static final Duration REACHABLE_WITHIN = Duration.ofSeconds(10);
    private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(2);
    private static final int RESTARTS = 3;

    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private FreshetCommand root;

    @Mixin
    private EndpointOptions broker = new EndpointOptions();

    @Option(
            names = "--report-every",
            paramLabel = "N",
            defaultValue = "100",
            description = "Images of a source from one report to the next. Default: ${DEFAULT-VALUE}")
    private int reportEvery;

    @Option(
            names = "--window",
            paramLabel = "N",
            defaultValue = "1000",
            description =
                    "Images in the rolling window of each source, reported every quarter of it. Default: ${DEFAULT-VALUE}")
    private int window;

    @Option(names = "--from-now", description = "Leave out the images that are on the topic already.")
    private boolean fromNow;

    @Option(
            names = "--extractor",
            paramLabel = "FILE",
            description =
                    "Weights of the feature extractor, as 'train-extractor' writes them. Default: the shipped ones.")
    private @Nullable Path extractor;

    @Option(
            names = "--reference",
            paramLabel = "FILE",
            description = "Reference statistics made with that extractor. Default: the shipped ones.")
    private @Nullable Path reference;

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            defaultValue = "1",
            description = "Images that are looked at side by side. Default: ${DEFAULT-VALUE}")
    private int parallelism;

    @Option(
            names = "--until-complete",
            paramLabel = "N",
            description = "End when the evaluations of so many sources are complete. Default: go on until stopped.")
    private @Nullable Integer untilComplete;

    @Option(names = "--json", description = "Print each report as one JSON object on standard output.")
    private boolean asJson;

    EvaluateCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(root.verbose);
        if (untilComplete != null && untilComplete < 1) {
            throw CommandException.badInput("--until-complete is " + untilComplete + ": expected at least 1 source");
        }
        Endpoint endpoint = broker.find();
        EvaluationJobOptions.Builder settings = settings(endpoint);
        JobOptions common = checked(settings).common();
        Extraction extraction = new Extraction(
                extractor == null ? null : extractor.toString(), reference == null ? null : reference.toString());
        requireFit(extraction);
        try (StopSignals.Section judging = session.stop().during(Reaction.INTERRUPT)) {
            KafkaPreflight.ofEvaluation(common).run(REACHABLE_WITHIN);
            try (LocalJudge judge = LocalJudge.start(settings, extraction)) {
                session.terminal()
                        .line("judging images on " + common.topics().candidateImages() + " at "
                                + endpoint.bootstrapServers() + "; Ctrl-C stops");
                tell(judge);
            }
        } catch (PreflightException | IOException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
        return ExitCode.OK;
    }

    private EvaluationJobOptions.Builder settings(Endpoint endpoint) throws CommandException {
        return EvaluationJobOptions.builder(endpoint.bootstrapServers())
                .topics(EndpointOptions.topics(endpoint))
                // Another one runs beside it undisturbed, and nothing of it is left to go on with.
                .deployment("evaluate-" + UUID.randomUUID().toString().substring(0, 8))
                .parallelism(parallelism)
                .checkpointInterval(CHECKPOINT_INTERVAL)
                .restartAttempts(RESTARTS)
                .reportEvery(reportEvery)
                .window(window, Math.max(1, window / 4))
                .start(fromNow ? EvaluationJobOptions.Start.LATEST : EvaluationJobOptions.Start.EARLIEST);
    }

    private static EvaluationJobOptions checked(EvaluationJobOptions.Builder settings) throws CommandException {
        try {
            return settings.build();
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(e);
        }
    }

    private static void requireFit(Extraction extraction) throws CommandException {
        try {
            extraction.requireFit();
        } catch (NoSuchFileException e) {
            throw CommandException.badInput("there is no file '" + e.getFile() + "': see --extractor and --reference");
        } catch (Exception e) {
            throw CommandException.badInput(e);
        }
    }

    private void tell(LocalJudge judge) throws IOException, InterruptedException {
        JsonCodec<MetricReport> json = JsonCodec.of(MetricReport.class);
        if (!asJson) {
            session.results().println(ReportLines.HEADER);
        }
        Set<String> complete = new HashSet<>();
        while (untilComplete == null || complete.size() < untilComplete) {
            for (MetricReport report : judge.next()) {
                session.results()
                        .println(
                                asJson
                                        ? new String(json.encode(report), StandardCharsets.UTF_8)
                                        : ReportLines.line(report));
                if (ReportLines.isEndOf(report)) {
                    complete.add(String.valueOf(report.getSource()));
                }
            }
            session.results().flush();
        }
    }
}
