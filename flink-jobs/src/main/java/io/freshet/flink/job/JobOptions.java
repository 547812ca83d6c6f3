package io.freshet.flink.job;

import io.freshet.flink.sink.ExactlyOnceSinks;
import io.freshet.schemas.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.jspecify.annotations.Nullable;

/**
 * Settings that every job of Freshet has: where Kafka is, how wide it runs, how often it takes a checkpoint, and how often it tells
 * distances.
 *
 * @param bootstrapServers addresses of the Kafka cluster
 * @param kafkaProperties more settings for every Kafka client, such as security
 * @param topics names of the topics
 * @param deployment names this deployment among all that write to the Kafka cluster: the transactions of its sinks carry it
 * @param parallelism tasks of each operator
 * @param maxParallelism upper limit of {@code parallelism} for the lifetime of the state
 * @param checkpointInterval time between Flink checkpoints, which is how long results wait before they are visible
 * @param checkpointDirectory URI of a directory for Flink checkpoints; null leaves it to the cluster's configuration
 * @param restartAttempts how often the job restarts after failures before it gives up
 * @param reportEvery images from one report of an evaluation to the next
 * @param windowSamples images in a rolling window
 * @param windowSlide images from one report of a rolling window to the next
 */
public record JobOptions(
        String bootstrapServers,
        Map<String, String> kafkaProperties,
        Topics topics,
        String deployment,
        int parallelism,
        int maxParallelism,
        Duration checkpointInterval,
        @Nullable String checkpointDirectory,
        int restartAttempts,
        int reportEvery,
        int windowSamples,
        int windowSlide) {
    private static final Duration CHECKPOINT_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration RESTART_DELAY = Duration.ofSeconds(1);
    private static final int TOLERABLE_FAILED_CHECKPOINTS = 5;

    public JobOptions {
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

    private static void require(boolean holds, String name, Object actual, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(name + " is " + actual + ": expected " + expected);
        }
    }

    /** What a job needs of Flink's configuration. */
    public Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.GENERIC_TYPES, false);
        configuration.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
        configuration.set(PipelineOptions.OBJECT_REUSE, true);
        configuration.set(CoreOptions.DEFAULT_PARALLELISM, parallelism);
        configuration.set(PipelineOptions.MAX_PARALLELISM, maxParallelism);
        configuration.set(StateBackendOptions.STATE_BACKEND, "rocksdb");
        configuration.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpointInterval);
        configuration.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, CHECKPOINT_TIMEOUT);
        configuration.set(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, TOLERABLE_FAILED_CHECKPOINTS);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, restartAttempts);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, RESTART_DELAY);
        if (checkpointDirectory != null) {
            configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
            configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, checkpointDirectory);
        }
        return configuration;
    }

    /** The longest that a transaction of a sink is open when all goes well: from one checkpoint until the next has been taken. */
    public Duration longestTransaction() {
        return checkpointInterval.plus(CHECKPOINT_TIMEOUT);
    }

    /** Makes the sinks. */
    public ExactlyOnceSinks sinks() {
        return new ExactlyOnceSinks(bootstrapServers, kafkaProperties, deployment);
    }

    /**
     * Collects the options that every job has; each setter replaces a default and returns the builder.
     *
     * @param <B> the builder of one job
     */
    public abstract static class Builder<B extends Builder<B>> {
        private final String bootstrapServers;
        private final Map<String, String> kafkaProperties = new HashMap<>();
        private Topics topics = Topics.DEFAULT;
        private @Nullable String deployment;
        private int parallelism = 1;
        private int maxParallelism = 128;
        private Duration checkpointInterval = Duration.ofSeconds(10);
        private @Nullable String checkpointDirectory;
        private int restartAttempts = Integer.MAX_VALUE;
        private int reportEvery = 100;
        private int windowSamples = 1000;
        private int windowSlide = 250;

        Builder(String bootstrapServers) {
            this.bootstrapServers = bootstrapServers;
        }

        abstract B self();

        public B kafkaProperties(Map<String, String> properties) {
            kafkaProperties.putAll(properties);
            return self();
        }

        public B topics(Topics names) {
            topics = names;
            return self();
        }

        /** Unless set, made of the prefix of the topics. */
        public B deployment(String name) {
            deployment = name;
            return self();
        }

        public B parallelism(int tasks) {
            parallelism = tasks;
            return self();
        }

        public B maxParallelism(int limit) {
            maxParallelism = limit;
            return self();
        }

        public B checkpointInterval(Duration interval) {
            checkpointInterval = interval;
            return self();
        }

        public B checkpointDirectory(String uri) {
            checkpointDirectory = uri;
            return self();
        }

        public B restartAttempts(int attempts) {
            restartAttempts = attempts;
            return self();
        }

        public B reportEvery(int images) {
            reportEvery = images;
            return self();
        }

        public B window(int samples, int slide) {
            windowSamples = samples;
            windowSlide = slide;
            return self();
        }

        /** @param suffix of the deployment's name behind the prefix of the topics, where it was given none */
        final JobOptions common(String suffix) {
            return new JobOptions(
                    bootstrapServers,
                    kafkaProperties,
                    topics,
                    deployment == null ? topics.prefix() + suffix : deployment,
                    parallelism,
                    maxParallelism,
                    checkpointInterval,
                    checkpointDirectory,
                    restartAttempts,
                    reportEvery,
                    windowSamples,
                    windowSlide);
        }
    }
}
