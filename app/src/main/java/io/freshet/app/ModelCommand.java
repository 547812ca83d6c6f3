package io.freshet.app;

import picocli.CommandLine.Command;

/** Groups what can be asked of architectures. */
@Command(
        name = "model",
        description = "Show the networks that are known here: U-DiT, DiT, SiT and their relatives.",
        footer = {"", "Examples:", "  freshet model list", "  freshet model show U-DiT-S"})
final class ModelCommand extends CommandGroup {}
