package io.freshet.app;

import picocli.CommandLine.Command;

/** Groups what can be done with checkpoints. */
@Command(
        name = "checkpoint",
        description = "Bring checkpoints in and take them out.",
        footer = {
            "",
            "Examples:",
            "  freshet checkpoint import 0400000.pt",
            "  freshet checkpoint list checkpoints",
            "  freshet checkpoint export checkpoints --format torchscript",
        })
final class CheckpointCommand extends CommandGroup {}
