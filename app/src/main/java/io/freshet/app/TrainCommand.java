package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.StopSignals.Reaction;
import io.freshet.app.local.TrainingLines;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.training.CheckpointListener;
import io.freshet.training.KafkaAnnouncer;
import io.freshet.training.Trainer;
import io.freshet.training.TrainingOptions;
import io.freshet.training.TrainingProgress;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Trains, publishes checkpoints in a store, and announces them on Kafka where there is one. */
@Command(
        name = "train",
        description = {
            "Train a U-DiT on the shapes data set.",
            "",
            "Every so many steps a checkpoint, the moving average of the weights, goes to the store, whole or not at all, and is"
                    + " announced on Kafka if a broker is named: a running job that reads the same store then swaps"
                    + " it in."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet train --store checkpoints",
            "  freshet train --steps 5000 --checkpoint-every 500 --store checkpoints --bootstrap-servers kafka:9092"
        })
final class TrainCommand implements Callable<Integer> {
    private static final Duration LINE_EVERY = Duration.ofMillis(200);
    private static final Duration END_WITHIN = Duration.ofSeconds(30);

    /** How progress is told. */
    enum ProgressForm {
        /** A bar on standard error. */
        BAR,
        /** JSON objects on standard output. */
        JSON
    }

    private final Session session;
    private final List<CheckpointRef> published = new ArrayList<>();

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private FreshetCommand root;

    @Option(
            names = "--store",
            paramLabel = "DIR",
            defaultValue = "checkpoints",
            description = "Checkpoint store; made if it does not exist. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path store;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "Name of the training run, part of its checkpoints' names. Default: shapes-TIME")
    private @Nullable String name;

    @Mixin
    private AnnounceOptions announcements = new AnnounceOptions();

    @Option(names = "--steps", paramLabel = "N", description = "Optimizer steps. Default: made for a few minutes.")
    private @Nullable Long steps;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            description = "Steps from one checkpoint to the next; the last step always makes one.")
    private @Nullable Long checkpointEvery;

    @Option(names = "--batch", paramLabel = "N", description = "Images in a step.")
    private @Nullable Integer batchSize;

    @Option(names = "--learning-rate", paramLabel = "X", description = "Of AdamW, after the warm-up.")
    private @Nullable Double learningRate;

    @Option(names = "--seed", paramLabel = "N", description = "Keys the initial weights and all draws.")
    private @Nullable Long seed;

    @Option(
            names = "--progress",
            paramLabel = "FORM",
            defaultValue = "bar",
            description = "bar, or json for a line per step on standard output. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ProgressForm progress;

    @Option(names = "--json", description = "Print what was done as one JSON object on standard output.")
    private boolean asJson;

    @Option(names = "--supervised", hidden = true, description = "End when standard input does.")
    private boolean supervised;

    TrainCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(root.verbose || supervised);
        if (supervised) {
            StopSignals.ignoreInterrupts();
            endWithInput(Thread.currentThread());
        }
        TrainingOptions options = options();
        long startNanos = System.nanoTime();
        try (StopSignals.Section training = session.stop().during(Reaction.INTERRUPT)) {
            Optional<KafkaAnnouncer> announcer = announcements.announcer();
            if (announcer.isEmpty()) {
                train(options, published::add);
            } else {
                trainAndAnnounce(options, announcer.get());
            }
        }
        report(options, (System.nanoTime() - startNanos) / 1e9);
        return ExitCode.OK;
    }

    private void trainAndAnnounce(TrainingOptions options, KafkaAnnouncer opened) throws CommandException {
        try (KafkaAnnouncer announcer = opened) {
            train(options, checkpoint -> {
                announcer.published(checkpoint);
                published.add(checkpoint);
            });
        }
    }

    private void train(TrainingOptions options, CheckpointListener listener) throws CommandException {
        try {
            if (progress == ProgressForm.JSON) {
                new Trainer(options, new CheckpointStore(store), listener).run(new Lines());
                return;
            }
            try (ProgressBar bar = new ProgressBar(session.terminal(), "training", "steps", options.steps())) {
                CheckpointListener telling = checkpoint -> {
                    listener.published(checkpoint);
                    session.terminal().line("step " + checkpoint.step() + " · published " + checkpoint.directory());
                };
                new Trainer(options, new CheckpointStore(store), telling)
                        .run(now -> bar.update(now.step(), String.format(Locale.ROOT, "loss %.4f", now.loss())));
            }
        } catch (CheckpointException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        } catch (CancellationException e) {
            throw CommandException.failure(
                    "training was stopped; " + published.size() + " checkpoints are in " + store, e);
        }
    }

    /** Writes progress for programs, not more often than they can use. */
    private final class Lines implements Consumer<TrainingProgress> {
        private long writtenNanos = System.nanoTime() - LINE_EVERY.toNanos();

        @Override
        public void accept(TrainingProgress now) {
            if (System.nanoTime() - writtenNanos >= LINE_EVERY.toNanos() || now.step() == now.totalSteps()) {
                writtenNanos = System.nanoTime();
                session.results().println(TrainingLines.format(now));
            }
        }
    }

    private TrainingOptions options() throws CommandException {
        TrainingOptions defaults = TrainingOptions.defaults(
                name != null
                        ? name
                        : "shapes-" + LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss")));
        try {
            return new TrainingOptions(
                    defaults.name(),
                    defaults.model(),
                    steps != null ? steps : defaults.steps(),
                    batchSize != null ? batchSize : defaults.batchSize(),
                    checkpointEvery != null ? checkpointEvery : defaults.checkpointEvery(),
                    learningRate != null ? learningRate : defaults.learningRate(),
                    defaults.warmupSteps(),
                    defaults.schedule(),
                    defaults.timesteps(),
                    defaults.maxGradientNorm(),
                    defaults.averageDecay(),
                    defaults.labelDropout(),
                    seed != null ? seed : defaults.seed());
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(String.valueOf(e.getMessage()));
        }
    }

    private void report(TrainingOptions options, double seconds) throws IOException {
        session.terminal()
                .line(String.format(
                        Locale.ROOT,
                        "%,d steps in %.0f s, %d checkpoints of '%s' in %s",
                        options.steps(),
                        seconds,
                        published.size(),
                        options.name(),
                        store));
        if (asJson) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("name", options.name());
            result.put("steps", options.steps());
            result.put("store", store.toAbsolutePath().toString());
            result.put("checkpoints", published);
            result.put("wallSeconds", Math.round(seconds * 1000) / 1000.0);
            session.results().println(new ObjectMapper().writeValueAsString(result));
        }
    }

    /**
     * Ends when whoever started this process has gone or wants it to end. Between two steps if it can: leaving while LibTorch
     * works crashes in its destructors.
     */
    private static void endWithInput(Thread worker) {
        Thread watch = new Thread(
                () -> {
                    try {
                        System.in.transferTo(OutputStream.nullOutputStream());
                    } catch (IOException e) {
                        // A broken pipe is an end too.
                    }
                    worker.interrupt();
                    try {
                        worker.join(END_WITHIN.toMillis());
                    } catch (InterruptedException e) {
                        // Nobody interrupts this thread; if somebody does, that is no reason to stay.
                    }
                    StopSignals.killThisProcess();
                },
                "supervisor watch");
        watch.setDaemon(true);
        watch.start();
    }
}
