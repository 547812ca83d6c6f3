package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.flink.shard.ShardOptions;
import io.freshet.flink.testing.TestBroker;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaLimitsTest {
    @TempDir
    Path directory;

    @Test
    void refuseAJobThatTheClusterWouldStopLater() throws Exception {
        try (TestBroker broker = TestBroker.start(directory)) {
            SamplingJobOptions options =
                    SamplingJobOptions.builder(broker.bootstrapServers()).build();
            KafkaTopics.create(options.bootstrapServers(), Map.of(), options.topics(), 1);
            assertThatCode(() -> KafkaLimits.check(options))
                    .as("a broker that was not told otherwise")
                    .doesNotThrowAnyException();

            SamplingJobOptions large = SamplingJobOptions.builder(broker.bootstrapServers())
                    .shards(new ShardOptions(null, 10, 3_000_000))
                    .build();
            assertThatThrownBy(() -> KafkaLimits.check(large))
                    .hasMessage("Topic 'freshet.images' takes messages of up to 1048588 bytes, but one with an image may have"
                            + " 4016384: set its max.message.bytes to at least that, or give a smaller --max-image-bytes");
            set(broker, new ConfigResource(ConfigResource.Type.TOPIC, "freshet.images"), "max.message.bytes", "4016384");
            assertThatCode(() -> KafkaLimits.check(large)).doesNotThrowAnyException();
        }
    }

    @Test
    void refuseABrokerThatEndsTransactionsTooSoon() throws Exception {
        try (TestBroker broker = TestBroker.start(directory, Map.of("transaction.max.timeout.ms", "60000"))) {
            SamplingJobOptions options =
                    SamplingJobOptions.builder(broker.bootstrapServers()).build();
            assertThatThrownBy(() -> KafkaLimits.check(options))
                    .hasMessage("Broker 1 ends transactions after 60000 ms, which may be less than a restart of the job takes:"
                            + " set transaction.max.timeout.ms to at least 600000 on every broker");
        }
    }

    private static void set(TestBroker broker, ConfigResource resource, String name, String value) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.incrementalAlterConfigs(Map.of(
                            resource,
                            List.of(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET))))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        }
    }
}
