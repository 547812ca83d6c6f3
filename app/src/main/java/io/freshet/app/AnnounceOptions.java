package io.freshet.app;

import io.freshet.schemas.Topics;
import io.freshet.training.KafkaAnnouncer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where published checkpoints are announced, for the commands that publish. */
final class AnnounceOptions {
    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = "Kafka broker to announce checkpoints on. Default: none")
    private @Nullable String bootstrapServers;

    @Option(
            names = "--topic-prefix",
            paramLabel = "PREFIX",
            defaultValue = "freshet",
            description = "First part of the names of the topics. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String topicPrefix;

    /** Opens a producer, which the caller closes; nothing if no broker was named. */
    Optional<KafkaAnnouncer> announcer() {
        return bootstrapServers == null
                ? Optional.empty()
                : Optional.of(new KafkaAnnouncer(bootstrapServers, new Topics(topicPrefix)));
    }
}
