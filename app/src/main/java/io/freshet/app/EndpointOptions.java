package io.freshet.app;

import io.freshet.app.console.CommandException;
import io.freshet.app.local.Endpoint;
import io.freshet.schemas.Topics;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the Kafka broker of a job is: the same options for every command that talks to one. */
final class EndpointOptions {
    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = "Kafka broker of the job. Default: that of the newest local run that is up.")
    private @Nullable String bootstrapServers;

    @Option(
            names = "--runs-dir",
            paramLabel = "DIR",
            defaultValue = "runs",
            description = "Where local runs are looked for. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path runsDirectory;

    @Option(
            names = "--topic-prefix",
            paramLabel = "PREFIX",
            description = "First part of the names of the job's topics. Default: freshet, or that of the local run.")
    private @Nullable String topicPrefix;

    /**
     * What was named, or the newest local run.
     *
     * @throws CommandException if nothing was and none is up, or the prefix is none
     */
    Endpoint find() throws IOException, CommandException {
        if (bootstrapServers != null) {
            return new Endpoint(bootstrapServers, topicPrefix != null ? topicPrefix : Topics.DEFAULT.prefix(), 0, 0);
        }
        Endpoint found = Endpoint.newestLive(runsDirectory)
                .orElseThrow(() -> CommandException.failure("no local run is up in '" + runsDirectory
                        + "': start one with 'freshet quickstart --keep-running', or name a broker with"
                        + " --bootstrap-servers HOST:PORT"));
        return topicPrefix == null
                ? found
                : new Endpoint(found.bootstrapServers(), topicPrefix, found.pid(), found.startedAtMillis());
    }

    /** The topics of an endpoint. */
    static Topics topics(Endpoint endpoint) throws CommandException {
        try {
            return new Topics(endpoint.topicPrefix());
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(e);
        }
    }
}
