package io.freshet.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Groups what can be done with checkpoints. */
@Command(
        name = "checkpoint",
        description = "Bring checkpoints in and take them out.",
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        footer = {
            "",
            "Examples:",
            "  freshet checkpoint import 0400000.pt",
            "  freshet checkpoint list checkpoints",
            "  freshet checkpoint export checkpoints --format torchscript",
        })
final class CheckpointCommand implements Runnable {
    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private FreshetCommand root;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /** Whether to show where an error comes from. */
    boolean verbose() {
        return root.verbose;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing: import, list or export.");
    }
}
