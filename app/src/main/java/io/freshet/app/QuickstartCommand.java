package io.freshet.app;

import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.local.RunDirectory;
import io.freshet.app.quickstart.Quickstart;
import io.freshet.app.quickstart.QuickstartOptions;
import io.freshet.app.quickstart.QuickstartOptions.Evaluation;
import io.freshet.sampling.Precision;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** The whole loop on one machine. */
@Command(
        name = "quickstart",
        description = {
            "Train, swap and judge on this machine, in a few minutes.",
            "",
            "Starts a Kafka broker and a Flink cluster inside this process and a trainer beside it. Each checkpoint is swapped into"
                    + " the running job, draws the same seeds as all others, and gets a Fréchet distance. Leaves a run"
                    + " directory with the checkpoints, a contact sheet, and the distances as table and plot."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet quickstart",
            "  freshet quickstart --steps 3000 --checkpoint-every 300 --name longer",
            "  freshet quickstart --keep-running --port 9092",
            "      stays up for requests of 'freshet generate', kcat or any Kafka client, also while it trains",
            "  freshet quickstart --json | tail -n 1",
            "      the run in numbers; with --keep-running they come when it is stopped",
            "",
            "Exit codes: 0 done, 1 the trainer or the job failed, 2 bad input, 130 stopped by Ctrl-C."
        })
final class QuickstartCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private FreshetCommand root;

    @Option(names = "--name", paramLabel = "NAME", description = "Name of the run. Default: the time.")
    private @Nullable String name;

    @Option(
            names = "--runs-dir",
            paramLabel = "DIR",
            defaultValue = "runs",
            description = "Where run directories are made. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path runsDirectory;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "0",
            description = "Port of the Kafka broker on 127.0.0.1. Default: a free one")
    private int port;

    @Option(names = "--steps", paramLabel = "N", description = "Optimizer steps. Default: made for a few minutes.")
    private @Nullable Long steps;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            description = "Steps from one checkpoint to the next; the last step always makes one.")
    private @Nullable Long checkpointEvery;

    @Option(names = "--seed", paramLabel = "N", description = "Keys the training.")
    private @Nullable Long seed;

    @Option(
            names = "--evaluation-samples",
            paramLabel = "N",
            defaultValue = "128",
            description = "Images that each checkpoint is judged by, at least 20. Default: ${DEFAULT-VALUE}")
    private long evaluationSamples;

    @Option(
            names = "--evaluation-steps",
            paramLabel = "N",
            defaultValue = "15",
            description = "Denoising steps of those images. Default: ${DEFAULT-VALUE}")
    private int evaluationSteps;

    @Option(
            names = "--evaluation-guidance",
            paramLabel = "X",
            defaultValue = "2",
            description = "Classifier-free guidance scale of those images, 1 is off. Default: ${DEFAULT-VALUE}")
    private double evaluationGuidance;

    @Mixin
    private DeviceOption device = new DeviceOption();

    @Option(
            names = "--precision",
            paramLabel = "WHICH",
            defaultValue = "fp32",
            description =
                    "Numbers that the job evaluates networks with, also to judge checkpoints, unless a request asks for others:"
                            + " fp32, or bf16, which is faster where the processor multiplies it. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String precision;

    @Option(names = "--keep-running", description = "Stay up for requests afterwards, until Ctrl-C.")
    private boolean keepRunning;

    @Option(
            names = "--json",
            description = "Print the run in numbers as one JSON object, the last line of standard output.")
    private boolean asJson;

    QuickstartCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        RunDirectory run;
        Quickstart quickstart;
        try {
            QuickstartOptions options = options();
            run = RunDirectory.create(runsDirectory, Optional.ofNullable(name));
            Logging.toFile(run.log());
            quickstart = new Quickstart(run, options, session.terminal(), session.stop());
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(String.valueOf(e.getMessage()));
        } catch (FileAlreadyExistsException e) {
            throw CommandException.badInput("there is a run of that name already: " + e.getFile());
        }
        String json = quickstart.run().toJson();
        if (asJson) {
            session.results().println(json);
        }
        return ExitCode.OK;
    }

    private QuickstartOptions options() throws CommandException {
        List<String> training = new ArrayList<>();
        add(training, "--steps", steps);
        add(training, "--checkpoint-every", checkpointEvery);
        add(training, "--seed", seed);
        return new QuickstartOptions(
                port,
                Main.class.getName(),
                training,
                new Evaluation(evaluationSamples, 0, "ddim", evaluationSteps, 0, evaluationGuidance),
                device.parse(),
                Precision.fromWireName(precision),
                keepRunning);
    }

    private static void add(List<String> arguments, String option, @Nullable Object value) {
        if (value != null) {
            arguments.add(option);
            arguments.add(value.toString());
        }
    }
}
