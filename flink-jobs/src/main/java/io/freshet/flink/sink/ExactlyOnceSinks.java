package io.freshet.flink.sink;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * Makes Kafka sinks whose records become visible, to readers of committed data, with the Flink checkpoint that covers them, and
 * exactly once.
 *
 * @param bootstrapServers the cluster
 * @param clientProperties more settings for producers, such as security
 * @param deployment names this deployment of the job among all that write to the cluster; two with the same name would abort each
 *     other's transactions
 */
public record ExactlyOnceSinks(String bootstrapServers, Map<String, String> clientProperties, String deployment) {
    /** Below the 15 minutes that brokers allow by default, and far above the time a restart takes. */
    public static final long TRANSACTION_TIMEOUT_MILLIS = 600_000;

    /** Kafka's default. */
    private static final int USUAL_LONGEST_REQUEST = 1 << 20;

    /** The same, for messages up to a size; a larger setting of the producer's own stays. */
    public ExactlyOnceSinks withLongestMessage(int bytes) {
        String setting = ProducerConfig.MAX_REQUEST_SIZE_CONFIG;
        Map<String, String> properties = new HashMap<>(clientProperties);
        properties.merge(
                setting,
                Integer.toString(Math.max(bytes, USUAL_LONGEST_REQUEST)),
                (given, needed) -> Integer.parseInt(given) > Integer.parseInt(needed) ? given : needed);
        return new ExactlyOnceSinks(bootstrapServers, properties, deployment);
    }

    /** A sink of the records' topic. */
    public <T> KafkaSink<T> to(TopicRecords<T> records) {
        Properties properties = properties();
        properties.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, Long.toString(TRANSACTION_TIMEOUT_MILLIS));
        return KafkaSink.<T>builder()
                .setBootstrapServers(bootstrapServers)
                .setKafkaProducerConfig(properties)
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(deployment + "." + records.topic())
                .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
                .setRecordSerializer(records)
                .build();
    }

    /**
     * A sink of the records' topic whose records do not wait for a checkpoint, and may come again after a failure: at least once, for what is
     * of use only at once.
     */
    public <T> KafkaSink<T> toSeeAtOnce(TopicRecords<T> records) {
        return KafkaSink.<T>builder()
                .setBootstrapServers(bootstrapServers)
                .setKafkaProducerConfig(properties())
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setRecordSerializer(records)
                .build();
    }

    private Properties properties() {
        Properties properties = new Properties();
        properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        properties.putAll(clientProperties);
        return properties;
    }
}
