package io.freshet.flink.job;

import io.freshet.flink.shard.ShardOptions;
import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.Topics;
import java.util.Map;

/**
 * Settings of a sampling job.
 *
 * @param common what every job has; its parallelism is the number of engines
 * @param engine batch sizes of each engine
 * @param planner limits of requests, and how checkpoints are judged
 * @param shards which images are delivered in tar files
 * @param placement where engines may run
 */
public record SamplingJobOptions(
        JobOptions common,
        EngineOptions engine,
        PlannerOptions planner,
        ShardOptions shards,
        EnginePlacement placement) {
    /** Everything but the Kafka cluster has a default. */
    public static Builder builder(String bootstrapServers) {
        return new Builder(bootstrapServers);
    }

    /** Addresses of the Kafka cluster. */
    public String bootstrapServers() {
        return common.bootstrapServers();
    }

    /** More settings for every Kafka client. */
    public Map<String, String> kafkaProperties() {
        return common.kafkaProperties();
    }

    /** Names of the topics. */
    public Topics topics() {
        return common.topics();
    }

    /** Name of this deployment. */
    public String deployment() {
        return common.deployment();
    }

    /** Engines, and tasks of everything behind them. */
    public int parallelism() {
        return common.parallelism();
    }

    /** Collects options; each setter replaces a default and returns this. */
    public static final class Builder extends JobOptions.Builder<Builder> {
        private EngineOptions engine = EngineOptions.DEFAULT;
        private PlannerOptions planner = PlannerOptions.DEFAULT;
        private ShardOptions shards = ShardOptions.NONE;
        private EnginePlacement placement = EnginePlacement.ANYWHERE;

        private Builder(String bootstrapServers) {
            super(bootstrapServers);
        }

        @Override
        Builder self() {
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

        public Builder shards(ShardOptions options) {
            shards = options;
            return this;
        }

        public Builder placement(EnginePlacement where) {
            placement = where;
            return this;
        }

        /** @throws IllegalArgumentException naming the first setting that cannot be */
        public SamplingJobOptions build() {
            return new SamplingJobOptions(common(""), engine, planner, shards, placement);
        }
    }
}
