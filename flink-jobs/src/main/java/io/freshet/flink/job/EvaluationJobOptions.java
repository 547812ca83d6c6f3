package io.freshet.flink.job;

/**
 * Settings of an evaluation job.
 *
 * @param common what every job has; its deployment is also the name of its consumer group
 * @param start which messages it looks at
 */
public record EvaluationJobOptions(JobOptions common, Start start) {
    /** Where a job without state begins to read; one that is restored goes on where it was. */
    public enum Start {
        /** With the oldest message there is. */
        EARLIEST,
        /** With what is sent after it has come up. */
        LATEST
    }

    /** Everything but the Kafka cluster has a default. */
    public static Builder builder(String bootstrapServers) {
        return new Builder(bootstrapServers);
    }

    /** Collects options; each setter replaces a default and returns this. */
    public static final class Builder extends JobOptions.Builder<Builder> {
        private Start start = Start.EARLIEST;

        private Builder(String bootstrapServers) {
            super(bootstrapServers);
        }

        @Override
        Builder self() {
            return this;
        }

        public Builder start(Start place) {
            start = place;
            return this;
        }

        /** @throws IllegalArgumentException naming the first setting that cannot be */
        public EvaluationJobOptions build() {
            // Another name than the sampling job's beside it: both write to the topic of metrics.
            return new EvaluationJobOptions(common(".evaluation"), start);
        }
    }
}
