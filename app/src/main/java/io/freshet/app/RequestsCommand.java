package io.freshet.app;

import picocli.CommandLine.Command;

/** Groups what can be done with messages on their way through a job. */
@Command(
        name = "requests",
        description = "Look at what a job has refused, send it again, or take requests back.",
        footer = {
            "",
            "Examples:",
            "  freshet requests dead --since 1h",
            "  freshet requests replay --code unknown-class --dry-run",
            "  freshet requests cancel order-17",
        })
final class RequestsCommand extends CommandGroup {}
