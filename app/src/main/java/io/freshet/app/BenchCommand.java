package io.freshet.app;

import picocli.CommandLine.Command;

/** Groups what can be measured. */
@Command(
        name = "bench",
        description = {
            "Measure this machine: forward passes against the original's, the engine under load, memory over time, the whole"
                    + " job against its targets, samplers against each other, and whether every image survives failures.",
            "",
            "Figures are medians, but of whatever else the machine does too: give it rest."
        },
        footer = {
            "",
            "Examples:",
            "  freshet bench sampling --model U-DiT-S --batch 8",
            "  freshet bench engine",
            "  freshet bench memory --json",
            "  freshet bench job --only barrier,savepoint",
            "  freshet bench sampler --samples 256",
            "  freshet bench chaos --rounds 10"
        })
final class BenchCommand extends CommandGroup {}
