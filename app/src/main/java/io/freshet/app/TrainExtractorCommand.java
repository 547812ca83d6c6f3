package io.freshet.app;

import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.StopSignals.Reaction;
import io.freshet.training.extractor.TrainShapesCnn;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Makes the shipped feature extractor anew. */
@Command(
        name = "train-extractor",
        description = {
            "Train the feature extractor of the shapes data set again.",
            "",
            "A few minutes from a fixed seed. The result ships with Freshet, so that distances compare across machines; this"
                    + " command is how it was made."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n")
final class TrainExtractorCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private FreshetCommand root;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "extractor",
            description = "Folder for weights and reference statistics. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "" + TrainShapesCnn.SHIPPED_STEPS,
            description = "Optimizer steps. Default: ${DEFAULT-VALUE}, those of the shipped one")
    private int steps;

    TrainExtractorCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(root.verbose);
        if (steps < 1) {
            throw CommandException.badInput("--steps is " + steps + ": expected at least 1");
        }
        try (ProgressBar bar = new ProgressBar(session.terminal(), "training", "steps", steps);
                StopSignals.Section training = session.stop().during(Reaction.INTERRUPT)) {
            new TrainShapesCnn(new TrainShapesCnn.Progress() {
                        @Override
                        public void step(int step, int total, double crossEntropy) {
                            if (Thread.interrupted()) {
                                throw new CancellationException("Training was stopped after step " + step);
                            }
                            bar.update(step, String.format(Locale.ROOT, "cross-entropy %.4f", crossEntropy));
                        }

                        @Override
                        public void line(String text) {
                            session.terminal().line(text);
                        }
                    })
                    .run(out, steps);
        }
        return ExitCode.OK;
    }
}
