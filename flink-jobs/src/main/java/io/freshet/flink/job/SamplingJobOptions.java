package io.freshet.flink.job;

import io.freshet.flink.shard.ShardOptions;
import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a sampling job.
 *
 * @param bootstrapServers addresses of the Kafka cluster
 * @param kafkaProperties more settings for every Kafka client, such as security
 * @param topics names of the topics
 * @param deployment names this deployment among all that write to the Kafka cluster: the transactions of its sinks carry it
 * @param parallelism engines, and tasks of everything behind them
 * @param maxParallelism upper limit of {@code parallelism} for the lifetime of the state
 * @param checkpointInterval time between Flink checkpoints, which is how long images wait before they are visible
 * @param checkpointDirectory URI of a directory for Flink checkpoints; null leaves it to the cluster's configuration
 * @param restartAttempts how often the job restarts after failures before it gives up
 * @param engine batch sizes of each engine
 * @param planner limits of requests, and how checkpoints are judged
 * @param reportEvery evaluation images from one report of a checkpoint to the next
 * @param windowSamples images in the rolling window
 * @param windowSlide images from one report of the rolling window to the next
 * @param shards which images are delivered in tar files
 */
public record SamplingJobOptions(
        String bootstrapServers,
        Map<String, String> kafkaProperties,
        Topics topics,
        String deployment,
        int parallelism,
        int maxParallelism,
        Duration checkpointInterval,
        @Nullable String checkpointDirectory,
        int restartAttempts,
        EngineOptions engine,
        PlannerOptions planner,
        int reportEvery,
        int windowSamples,
        int windowSlide,
        ShardOptions shards) {
    public SamplingJobOptions {
        kafkaProperties = Map.copyOf(kafkaProperties);
        require(!bootstrapServers.isBlank(), "bootstrapServers", "''", "host:port addresses of the Kafka cluster");
        require(
                deployment.matches("[a-zA-Z0-9._-]{1,100}"),
                "deployment",
                "'" + deployment + "'",
                "1 to 100 letters, digits, '.', '_' or '-'");
        require(parallelism >= 1, "parallelism", parallelism, "at least 1");
        require(
                maxParallelism >= parallelism && maxParallelism <= 32768,
                "maxParallelism",
                maxParallelism,
                "at least the parallelism of " + parallelism + " and at most 32768");
        require(
                checkpointInterval.toMillis() >= 10,
                "checkpointInterval",
                checkpointInterval,
                "at least 10 milliseconds");
        require(restartAttempts >= 0, "restartAttempts", restartAttempts, "at least 0");
        require(reportEvery >= 1, "reportEvery", reportEvery, "at least 1");
        require(windowSamples >= 2, "windowSamples", windowSamples, "at least 2");
        require(
                windowSlide >= 1 && windowSlide <= windowSamples,
                "windowSlide",
                windowSlide,
                "1 to the window's " + windowSamples + " samples");
    }

    /** Everything but the Kafka cluster has a default. */
    public static Builder builder(String bootstrapServers) {
        return new Builder(bootstrapServers);
    }

    private static void require(boolean holds, String name, Object actual, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(name + " is " + actual + ": expected " + expected);
        }
    }

    /** Collects options; each setter replaces a default and returns this. */
    public static final class Builder {
        private final String bootstrapServers;
        private final Map<String, String> kafkaProperties = new HashMap<>();
        private Topics topics = Topics.DEFAULT;
        private @Nullable String deployment;
        private int parallelism = 1;
        private int maxParallelism = 128;
        private Duration checkpointInterval = Duration.ofSeconds(10);
        private @Nullable String checkpointDirectory;
        private int restartAttempts = Integer.MAX_VALUE;
        private EngineOptions engine = EngineOptions.DEFAULT;
        private PlannerOptions planner = PlannerOptions.DEFAULT;
        private int reportEvery = 100;
        private int windowSamples = 1000;
        private int windowSlide = 250;
        private ShardOptions shards = ShardOptions.NONE;

        private Builder(String bootstrapServers) {
            this.bootstrapServers = bootstrapServers;
        }

        public Builder kafkaProperties(Map<String, String> properties) {
            kafkaProperties.putAll(properties);
            return this;
        }

        public Builder topics(Topics names) {
            topics = names;
            return this;
        }

        /** Unless set, the prefix of the topics. */
        public Builder deployment(String name) {
            deployment = name;
            return this;
        }

        public Builder parallelism(int engines) {
            parallelism = engines;
            return this;
        }

        public Builder maxParallelism(int limit) {
            maxParallelism = limit;
            return this;
        }

        public Builder checkpointInterval(Duration interval) {
            checkpointInterval = interval;
            return this;
        }

        public Builder checkpointDirectory(String uri) {
            checkpointDirectory = uri;
            return this;
        }

        public Builder restartAttempts(int attempts) {
            restartAttempts = attempts;
            return this;
        }

        public Builder engine(EngineOptions options) {
            engine = options;
            return this;
        }

        public Builder planner(PlannerOptions options) {
            planner = options;
            return this;
        }

        public Builder reportEvery(int images) {
            reportEvery = images;
            return this;
        }

        public Builder window(int samples, int slide) {
            windowSamples = samples;
            windowSlide = slide;
            return this;
        }

        public Builder shards(ShardOptions options) {
            shards = options;
            return this;
        }

        /** @throws IllegalArgumentException naming the first setting that cannot be */
        public SamplingJobOptions build() {
            return new SamplingJobOptions(
                    bootstrapServers,
                    kafkaProperties,
                    topics,
                    deployment == null ? topics.prefix() : deployment,
                    parallelism,
                    maxParallelism,
                    checkpointInterval,
                    checkpointDirectory,
                    restartAttempts,
                    engine,
                    planner,
                    reportEvery,
                    windowSamples,
                    windowSlide,
                    shards);
        }
    }
}
