package io.freshet.app.quickstart;

import io.freshet.app.console.CommandException;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.StopSignals.Reaction;
import io.freshet.app.console.Terminal;
import io.freshet.app.local.Endpoint;
import io.freshet.app.local.LocalBroker;
import io.freshet.app.local.LocalFlink;
import io.freshet.app.local.LocalFlink.JobView;
import io.freshet.app.local.ProcessMemory;
import io.freshet.app.local.RunDirectory;
import io.freshet.app.local.TrainerProcess;
import io.freshet.app.quickstart.RunState.Checkpoint;
import io.freshet.flink.job.KafkaTopics;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.training.TrainingProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole loop on one machine: a broker and the job in this JVM, the trainer in another, until every checkpoint of the
 * training is judged. For use by one thread, which may be interrupted at any time: everything is then stopped in order.
 */
public final class Quickstart {
    private static final Logger LOG = LoggerFactory.getLogger(Quickstart.class);
    private static final Topics TOPICS = Topics.DEFAULT;
    /** Tensors are outside of the heap. */
    private static final List<String> TRAINER_JVM = List.of("-Xmx512m", "-XX:+UseSerialGC", "-Djava.awt.headless=true");

    private static final Duration POLL = Duration.ofMillis(200);
    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long PATIENCE_NANOS = Duration.ofMinutes(5).toNanos();

    private final RunDirectory run;
    private final QuickstartOptions options;
    private final Terminal terminal;
    private final StopSignals stop;
    private final RunReport report;
    private final RunState state;
    private final long startNanos = System.nanoTime();
    private final Set<String> told = new HashSet<>();
    private long lookedNanos = startNanos;
    private long newsNanos = startNanos;
    private int restarts;
    private long trainerPeakMiB;

    /**
     * Prepares a run; nothing is started yet.
     *
     * @param run where everything goes
     */
    public Quickstart(RunDirectory run, QuickstartOptions options, Terminal terminal, StopSignals stop) {
        this.run = run;
        this.options = options;
        this.terminal = terminal;
        this.stop = stop;
        this.report = new RunReport(run);
        this.state = new RunState(RunReport.SHEET_COLUMNS);
    }

    /**
     * Runs it.
     *
     * @return the run in numbers; with {@code keepRunning}, as it stood when the thread was interrupted
     * @throws CommandException if the trainer or the job fails; says where to look
     * @throws InterruptedException if interrupted before all was done; everything has been stopped by then
     */
    public RunSummary run() throws CommandException, IOException, InterruptedException {
        // A broker or a cluster that is interrupted while it starts or stops is in no state to be closed.
        try (StopSignals.Section starting = stop.during(Reaction.DEFER)) {
            terminal.line("run " + run.name() + ": " + run.path());
            terminal.status("starting Kafka …");
            RunSummary summary;
            try (LocalBroker broker = LocalBroker.start(run.kafka(), options.port())) {
                stop.throwIfStopped();
                KafkaTopics.create(broker.bootstrapServers(), Map.of(), TOPICS, 1);
                summary = trainAndJudge(broker.bootstrapServers());
            } catch (ExecutionException e) {
                throw new IOException("The topics could not be created: " + e.getCause(), e);
            } finally {
                Endpoint.remove(run.path());
            }
            run.removeWorkingFiles();
            return summary;
        } finally {
            terminal.status("");
        }
    }

    private RunSummary trainAndJudge(String servers) throws CommandException, IOException, InterruptedException {
        terminal.status("starting the trainer and the Flink job …");
        StreamGraph job = LocalJob.graph(run, options, servers);
        try (TrainerProcess trainer = startTrainer(servers);
                LocalFlink flink = LocalFlink.run(run.flink().resolve("tmp"), 1, job);
                RunObserver observer = new RunObserver(servers, TOPICS)) {
            stop.throwIfStopped();
            new Endpoint(servers, TOPICS.prefix(), ProcessHandle.current().pid(), System.currentTimeMillis())
                    .write(run.path());
            terminal.line("Kafka at " + servers + " · trainer in process " + trainer.pid() + " · logs in "
                    + run.log().getParent());
            try (StopSignals.Section working = stop.during(Reaction.INTERRUPT)) {
                awaitTraining(trainer, flink, observer);
                awaitVerdicts(flink, observer);
                report.write(summary(servers));
                report.tell(summary(servers), terminal);
                if (options.keepRunning()) {
                    keepRunning(servers, flink, observer);
                    report.write(summary(servers));
                }
            } catch (InterruptException e) {
                throw new InterruptedException(e.getMessage());
            } finally {
                // Kafka's clients leave the thread interrupted, which would cut the closing short.
                if (Thread.interrupted()) {
                    LOG.info("Stopping early");
                }
                terminal.status("stopping …");
            }
            return summary(servers);
        }
    }

    private TrainerProcess startTrainer(String servers) throws IOException {
        List<String> arguments = new ArrayList<>(
                List.of("--name", run.name(), "--store", run.checkpoints().toString(), "--bootstrap-servers", servers));
        arguments.addAll(options.trainingArguments());
        List<String> flags = new ArrayList<>(TRAINER_JVM);
        flags.add("-XX:ErrorFile=" + run.trainerLog().resolveSibling("trainer-crash.log"));
        return TrainerProcess.start(flags, options.mainClass(), arguments, run.trainerLog());
    }

    private void awaitTraining(TrainerProcess trainer, LocalFlink flink, RunObserver observer)
            throws CommandException, IOException, InterruptedException {
        ProgressBar bar = null;
        try {
            while (true) {
                // Before looking at it, so that what an ended trainer said last is not missed.
                OptionalInt exitCode = trainer.exitCode();
                observe(observer);
                look(flink);
                ProcessMemory.peakMiB(trainer.pid()).ifPresent(peak -> trainerPeakMiB = Math.max(trainerPeakMiB, peak));
                if (trainer.progress().isPresent()) {
                    TrainingProgress line = trainer.progress().get();
                    if (bar == null) {
                        bar = new ProgressBar(terminal, "training", "steps", line.totalSteps());
                        bar.startAt(line.step());
                    }
                    bar.update(line.step(), trainingDetail(line));
                }
                if (exitCode.isPresent() && exitCode.getAsInt() != 0) {
                    throw CommandException.failure("the trainer ended with exit code " + exitCode.getAsInt() + ": "
                            + lastLine(run.trainerLog()) + "; its log: " + run.trainerLog());
                }
                if (exitCode.isPresent()) {
                    return;
                }
            }
        } finally {
            if (bar != null) {
                bar.close();
            }
        }
    }

    private void awaitVerdicts(LocalFlink flink, RunObserver observer)
            throws CommandException, IOException, InterruptedException {
        while (!observer.hasReadAllAnnouncements()) {
            observe(observer);
        }
        if (state.checkpoints().isEmpty()) {
            throw CommandException.failure(
                    "the trainer ended without publishing a checkpoint; its log: " + run.trainerLog());
        }
        long images = Math.max(1, state.toBeJudged() * options.evaluation().samples());
        try (ProgressBar bar = new ProgressBar(terminal, "judging", "images", images)) {
            bar.startAt(state.evaluationImages());
            while (!state.isSettled()) {
                observe(observer);
                look(flink);
                bar.update(state.evaluationImages(), "");
                if (System.nanoTime() - newsNanos > PATIENCE_NANOS) {
                    throw CommandException.failure("the job has delivered nothing for "
                            + Duration.ofNanos(PATIENCE_NANOS).toSeconds() + " s, and "
                            + (state.toBeJudged() - state.judged().size())
                            + " checkpoints are not judged yet; its log: " + run.log());
                }
            }
        }
    }

    private void keepRunning(String servers, LocalFlink flink, RunObserver observer)
            throws CommandException, IOException {
        report.tellHowToAsk(servers, TOPICS, terminal);
        try {
            while (true) {
                observe(observer);
                look(flink);
                terminal.status(String.format(
                        Locale.ROOT, "serving · %,d images%s · Ctrl-C stops", state.images(), windowDetail()));
            }
        } catch (InterruptedException | InterruptException e) {
            LOG.info("Told to stop serving: {}", e.toString());
        }
    }

    /** Takes in what the topics say and tells what is worth a line. */
    private void observe(RunObserver observer) throws IOException, InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        for (SpecificRecord message : observer.poll(POLL)) {
            newsNanos = System.nanoTime();
            state.accept(message);
            if (message instanceof CheckpointEvent event) {
                report.tell(event, terminal);
            }
        }
        for (Checkpoint judged : state.judged()) {
            if (told.add(judged.sha256())) {
                report.tell(judged, terminal);
                report.draw(state.judged());
            }
        }
    }

    /** Checks now and then that the job is well. */
    private void look(LocalFlink flink) throws CommandException, IOException, InterruptedException {
        if (System.nanoTime() - lookedNanos < LOOK_NANOS) {
            return;
        }
        lookedNanos = System.nanoTime();
        JobView job = flink.view();
        String reason = job.failure().orElse("no reason given");
        if (job.hasEnded()) {
            throw CommandException.failure(
                    "the Flink job is " + job.status() + ": " + reason + "; its log: " + run.log());
        }
        if (job.restarts() > restarts) {
            restarts = job.restarts();
            terminal.line("the job was restarted after a failure: " + reason + " (" + run.log() + ")");
        }
    }

    private String trainingDetail(TrainingProgress line) {
        return String.format(Locale.ROOT, "loss %.4f · %,d images", line.loss(), state.images()) + windowDetail();
    }

    private String windowDetail() {
        return state.window()
                .map(window -> String.format(
                        Locale.ROOT, " · FID of the last %,d %.2f", window.getSamples(), window.getFrechetDistance()))
                .orElse("");
    }

    private RunSummary summary(String servers) {
        OptionalLong own = ProcessMemory.peakMiB(ProcessHandle.current().pid());
        return new RunSummary(
                run.path().toString(),
                servers,
                state.judged().stream().map(RunSummary.Row::of).toList(),
                state.refused(),
                state.swaps(),
                restarts,
                state.images(),
                (System.nanoTime() - startNanos) / 1e9,
                own.isPresent() ? OptionalLong.of(own.getAsLong() + trainerPeakMiB) : own,
                options.device().toString(),
                options.precision().wireName());
    }

    private static String lastLine(Path log) throws IOException {
        List<String> lines = Files.exists(log) ? Files.readAllLines(log) : List.of();
        return lines.isEmpty() ? "it said nothing" : lines.get(lines.size() - 1);
    }
}
