package io.freshet.app;

import io.freshet.app.console.ExitCode;
import io.freshet.training.extractor.TrainShapesCnn;
import java.nio.file.Path;
import java.util.concurrent.Callable;
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
            defaultValue = "1200",
            description = "Optimizer steps. Default: ${DEFAULT-VALUE}, those of the shipped one")
    private int steps;

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(root.verbose);
        TrainShapesCnn.main(new String[] {out.toString(), Integer.toString(steps)});
        return ExitCode.OK;
    }
}
