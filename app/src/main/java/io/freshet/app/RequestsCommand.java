package io.freshet.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Groups what can be done with messages on their way through a job. */
@Command(
        name = "requests",
        description = "Look at what a job has refused, send it again, or take requests back.",
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        footer = {
            "",
            "Examples:",
            "  freshet requests dead --since 1h",
            "  freshet requests replay --code unknown-class --dry-run",
            "  freshet requests cancel order-17",
        })
final class RequestsCommand implements Runnable {
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
        throw new ParameterException(
                spec.commandLine(),
                "A command is missing: "
                        + String.join(" or ", spec.subcommands().keySet()) + ".");
    }
}
