package io.freshet.flink.job;

import io.freshet.flink.sink.ExactlyOnceSinks;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthorizationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether a Kafka cluster will take what a job is going to write. Asked before it starts, for it would fail late otherwise. */
public final class KafkaLimits {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaLimits.class);
    private static final String LONGEST_TRANSACTION = "transaction.max.timeout.ms";
    private static final String LONGEST_MESSAGE = "max.message.bytes";

    private KafkaLimits() {}

    /**
     * Compares the job's transactions and messages with what every broker, and the topic of images, allow. Where the cluster does not let this
     * client look, that is logged and nothing is compared.
     *
     * @throws IllegalStateException if a limit is too low; says which setting to change
     * @throws ExecutionException if the cluster does not answer, or the topic does not exist
     * @throws InterruptedException if interrupted while waiting for it
     */
    public static void check(SamplingJobOptions options) throws ExecutionException, InterruptedException {
        Properties properties = new Properties();
        properties.putAll(options.kafkaProperties());
        properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, options.bootstrapServers());
        try (Admin admin = Admin.create(properties)) {
            checkTransactions(admin);
            checkMessages(
                    admin, options.topics().images(), options.shards().maxMessageBytes());
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof AuthorizationException)) {
                throw e;
            }
            LOG.warn("The limits of the Kafka cluster are not known: it does not let this client see them", e);
        }
    }

    private static void checkTransactions(Admin admin) throws ExecutionException, InterruptedException {
        Collection<Node> brokers = admin.describeCluster().nodes().get();
        List<ConfigResource> resources = brokers.stream()
                .map(broker -> new ConfigResource(ConfigResource.Type.BROKER, broker.idString()))
                .toList();
        Map<ConfigResource, Config> found =
                admin.describeConfigs(resources).all().get();
        found.forEach((broker, config) -> {
            long longest = limit(config, LONGEST_TRANSACTION);
            if (longest < ExactlyOnceSinks.TRANSACTION_TIMEOUT_MILLIS) {
                throw new IllegalStateException("Broker " + broker.name() + " ends transactions after " + longest
                        + " ms, which may be less than a restart of the job takes: set " + LONGEST_TRANSACTION
                        + " to at least " + ExactlyOnceSinks.TRANSACTION_TIMEOUT_MILLIS + " on every broker");
            }
        });
    }

    private static void checkMessages(Admin admin, String topic, long needed)
            throws ExecutionException, InterruptedException {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Config config =
                admin.describeConfigs(List.of(resource)).values().get(resource).get();
        long longest = limit(config, LONGEST_MESSAGE);
        if (longest < needed) {
            throw new IllegalStateException("Topic '" + topic + "' takes messages of up to " + longest
                    + " bytes, but one with an image may have " + needed + ": set its " + LONGEST_MESSAGE
                    + " to at least that, or give a smaller --max-image-bytes");
        }
    }

    private static long limit(Config config, String name) {
        ConfigEntry entry = config.get(name);
        return entry == null || entry.value() == null ? Long.MAX_VALUE : Long.parseLong(entry.value());
    }
}
