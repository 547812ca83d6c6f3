package io.freshet.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Groups what can be measured. */
@Command(
        name = "bench",
        description = {
            "Measure this machine: forward passes against the original's, the engine under load, memory over time, the whole"
                    + " job against its targets, samplers against each other.",
            "",
            "Figures are medians, but of whatever else the machine does too: give it rest."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        footer = {
            "",
            "Examples:",
            "  freshet bench sampling --model U-DiT-S --batch 8",
            "  freshet bench engine",
            "  freshet bench memory --json",
            "  freshet bench job --only barrier,savepoint",
            "  freshet bench sampler --samples 256"
        })
final class BenchCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private FreshetCommand root;

    /** Whether errors are to be shown in full. */
    boolean verbose() {
        return root.verbose;
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "A command is missing: sampling, engine, memory, job or sampler.");
    }
}
