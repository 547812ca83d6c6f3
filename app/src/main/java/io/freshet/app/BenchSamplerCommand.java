package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.bench.SamplerBench;
import io.freshet.app.bench.SamplerFigures;
import io.freshet.app.bench.SamplerFigures.Estimate;
import io.freshet.app.bench.SamplerRun;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.StopSignals.Reaction;
import io.freshet.app.console.Table;
import io.freshet.app.console.Table.Column;
import io.freshet.app.images.CheckpointChoice;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.evaluation.ShapesCnn;
import io.freshet.model.Architectures;
import io.freshet.model.CachingNetwork;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.model.DenoiserConfig;
import io.freshet.sampling.Inference;
import io.freshet.training.Trainer;
import io.freshet.training.TrainingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Measures what samplers of few steps lose, and what they gain. */
@Command(
        name = "sampler",
        description = {
            "Measure samplers: Fréchet distance and images per second by evaluations of the network.",
            "",
            "Draws the same images, by class and initial noise, with each sampler from one checkpoint of the shapes data set,"
                    + " and compares them with DDPM in 250 steps; some also with deep features of the network used again, compared with"
                    + " the same sampler without that. Distances are those of " + ShapesCnn.NAME
                    + ", with intervals of 95 %% from resampling the images."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet bench sampler",
            "      trains a small model first, which takes some minutes",
            "  freshet bench sampler --store runs/first/checkpoints --samples 1000 --json",
            "",
            "Exit codes: 0 done, 1 failed, 2 bad input, 130 stopped by Ctrl-C."
        })
final class BenchSamplerCommand implements Callable<Integer> {
    private static final int LEAST_SAMPLES = 20;

    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private BenchCommand parent;

    @Option(
            names = "--store",
            paramLabel = "DIR",
            description =
                    "A checkpoint store, or one checkpoint in it; its newest is measured. Default: a model that is trained for this")
    private @Nullable Path store;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "256",
            description = "Images of each sampler, at least " + LEAST_SAMPLES + ". Default: ${DEFAULT-VALUE}")
    private long samples;

    @Option(
            names = "--guidance",
            paramLabel = "X",
            defaultValue = "1",
            description = "Classifier-free guidance scale, 1 (off) to 20. Default: ${DEFAULT-VALUE}")
    private double guidance;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Keys all noise. Default: 0")
    private long seed;

    @Option(names = "--json", description = "Print one JSON object on standard output: 'rows', one for each sampler.")
    private boolean asJson;

    BenchSamplerCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(parent.verbose());
        if (samples < LEAST_SAMPLES || samples > Integer.MAX_VALUE) {
            throw CommandException.badInput("--samples is " + samples + ": expected at least " + LEAST_SAMPLES);
        }
        if (store != null) {
            measure(store);
            return ExitCode.OK;
        }
        Path trained = Files.createTempDirectory("freshet-bench-");
        try {
            train(trained);
            measure(trained);
        } finally {
            FileUtils.deleteDirectory(trained.toFile());
        }
        return ExitCode.OK;
    }

    private void train(Path into) throws CommandException {
        TrainingOptions options = TrainingOptions.defaults("bench");
        try (ProgressBar bar = new ProgressBar(session.terminal(), "training", "steps", options.steps());
                StopSignals.Section training = session.stop().during(Reaction.INTERRUPT)) {
            new Trainer(options, new CheckpointStore(into), checkpoint -> {})
                    .run(now -> bar.update(now.step(), String.format(Locale.ROOT, "loss %.4f", now.loss())));
        } catch (CheckpointException | CancellationException e) {
            throw CommandException.failure("no model was trained: " + e.getMessage(), e);
        }
    }

    private void measure(Path place) throws CommandException, IOException {
        ReferenceStatistics reference = ShapesCnn.shippedReference();
        CheckpointRef checkpoint;
        List<SamplerFigures> figures;
        try {
            CheckpointChoice choice = CheckpointChoice.find(place, "latest");
            checkpoint = choice.checkpoint();
            figures = draw(choice, reference);
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(String.valueOf(e.getMessage()));
        } catch (CheckpointException | InterruptedException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
        if (asJson) {
            session.results().println(new ObjectMapper().writeValueAsString(json(checkpoint, reference, figures)));
        } else {
            table(figures).lines().forEach(session.results()::println);
            session.terminal()
                    .line(String.format(
                            Locale.ROOT,
                            "%,d images each from checkpoint %s of step %d; a perfect model would be at %.2f",
                            samples,
                            checkpoint.sha256().substring(0, 8),
                            checkpoint.step(),
                            reference.biasFloor(samples)));
        }
    }

    private List<SamplerFigures> draw(CheckpointChoice choice, ReferenceStatistics reference)
            throws CheckpointException, InterruptedException {
        List<SamplerRun> runs = SamplerRun.usual(able(choice));
        long evaluations = samples * runs.stream().mapToLong(SamplerRun::steps).sum();
        String detail = "checkpoint of step " + choice.checkpoint().step();
        try (ProgressBar bar = new ProgressBar(session.terminal(), "drawing", "evaluations", evaluations);
                StopSignals.Section drawing = session.stop().during(Reaction.INTERRUPT)) {
            return new SamplerBench(
                            new CheckpointDenoiserLoader(choice.store()),
                            choice.checkpoint(),
                            ShapesCnn.shipped(),
                            reference)
                    .measure(runs, samples, seed, guidance, done -> bar.update(done, detail));
        }
    }

    /** A network that comes as TorchScript is evaluated as it was written. */
    private static Predicate<Inference> able(CheckpointChoice choice) throws CheckpointException {
        CheckpointDescription description = choice.store().describe(choice.checkpoint());
        return Architectures.config(description.architecture(), description.config()) instanceof DenoiserConfig config
                ? inference -> !inference.caches() || config.network() instanceof CachingNetwork
                : Inference.EXACT::equals;
    }

    private Map<String, Object> json(
            CheckpointRef checkpoint, ReferenceStatistics reference, List<SamplerFigures> figures) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("model", checkpoint.model());
        json.put("checkpointStep", checkpoint.step());
        json.put("checkpointSha256", checkpoint.sha256());
        json.put("samples", samples);
        json.put("seed", seed);
        json.put("guidance", guidance);
        json.put("extractor", reference.extractor());
        json.put("reference", reference.name());
        json.put("biasFloor", reference.biasFloor(samples));
        json.put("rows", figures.stream().map(SamplerFigures::json).toList());
        return json;
    }

    private static Table table(List<SamplerFigures> figures) {
        Table table = new Table(
                Column.text("sampler"),
                Column.number("steps"),
                Column.number("evaluations"),
                Column.number("distance"),
                Column.number("95 %"),
                Column.number("to ddpm 250"),
                Column.number("95 %"),
                Column.number("images/s"),
                Column.number("to ddpm 250"),
                Column.number("distance to exact"),
                Column.number("95 %"),
                Column.number("images/s to exact"));
        for (SamplerFigures row : figures) {
            boolean exact = row.run().inference().equals(Inference.EXACT);
            table.row(
                    row.run().name(),
                    Integer.toString(row.run().steps()),
                    Integer.toString(row.evaluations()),
                    number(row.fid().value()),
                    range(row.fid()),
                    number(row.fidRatio().value()),
                    range(row.fidRatio()),
                    number(row.imagesPerSecond()),
                    number(row.speedRatio()),
                    exact ? "" : number(row.fidRatioToExact().value()),
                    exact ? "" : range(row.fidRatioToExact()),
                    exact ? "" : number(row.speedRatioToExact()));
        }
        return table;
    }

    private static String range(Estimate estimate) {
        return number(estimate.low()) + "–" + number(estimate.high());
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }
}
