package io.freshet.flink.job;

import io.freshet.schemas.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.TopicExistsException;

/** Creates the topics of a deployment where they do not exist. */
public final class KafkaTopics {
    private KafkaTopics() {}

    /**
     * Creates what is missing, with the cluster's own replication; topics that exist are left as they are.
     *
     * @param partitions of each topic of which the order over all keys does not matter; the others get one
     * @throws ExecutionException if the cluster refuses
     * @throws InterruptedException if interrupted while waiting for it
     */
    public static void create(
            String bootstrapServers, Map<String, String> clientProperties, Topics topics, int partitions)
            throws ExecutionException, InterruptedException {
        Properties properties = new Properties();
        properties.putAll(clientProperties);
        properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        try (Admin admin = Admin.create(properties)) {
            create(admin, topics, partitions);
        }
    }

    /** The same through a client that is connected. */
    static void create(Admin admin, Topics topics, int partitions) throws ExecutionException, InterruptedException {
        List<NewTopic> wanted = new ArrayList<>();
        Set<String> inOneOrder = Set.of(
                topics.deadLetters(),
                topics.control(),
                topics.checkpoints(),
                topics.checkpointEvents(),
                topics.metrics());
        for (String topic : topics.all()) {
            wanted.add(new NewTopic(topic, Optional.of(inOneOrder.contains(topic) ? 1 : partitions), Optional.empty()));
        }
        for (var created : admin.createTopics(wanted).values().values()) {
            try {
                created.get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
            }
        }
    }
}
