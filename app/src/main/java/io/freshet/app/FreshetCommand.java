package io.freshet.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command without a subcommand: help and version. */
@Command(
        name = "freshet",
        versionProvider = VersionProvider.class,
        synopsisSubcommandLabel = "COMMAND",
        description = {
            "Judges and serves a diffusion model while it trains: every checkpoint is swapped into a running Flink job"
                    + " that answers generation requests from Kafka and reports a Fréchet distance for each."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        footer = {
            "",
            "Examples:",
            "  freshet quickstart                  the whole loop on this machine, in a few minutes",
            "  freshet quickstart --keep-running   the same, then stay up for requests",
            "  freshet generate --count 64         ask a running job for images",
            "  freshet sample                      draw from a checkpoint, without Kafka and Flink",
            "",
            "'freshet COMMAND --help' explains a command.",
            "Exit codes: 0 done, 1 failed, 2 bad input, 130 stopped by Ctrl-C."
        })
final class FreshetCommand implements Runnable {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help and exit.")
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the versions of all parts and exit.")
    private boolean version;

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show where an error comes from.")
    boolean verbose;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing.");
    }
}
