package io.freshet.flink.sink;

import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Sink;
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
    private static final String TRANSACTION_TIMEOUT_MILLIS = "600000";

    /**
     * What a new producer sends first is a second try already, for it looks up its coordinator first; whatever writes to the sink waits for
     * it. Kafka's own default is 100 ms.
     */
    private static final String RETRY_BACKOFF_MILLIS = "10";

    /** Kafka's own default. */
    private static final String MAX_REQUEST_BYTES = "1048576";

    /** A sink of the records' topic. */
    public <T> Sink<T> to(TopicRecords<T> records) {
        return new TidyKafkaSink<>(KafkaSink.<T>builder()
                .setBootstrapServers(bootstrapServers)
                .setKafkaProducerConfig(producerProperties())
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(transactionalIdPrefix(records.topic()))
                .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
                .setRecordSerializer(records)
                .build());
    }

    /**
     * A sink of the records' topic whose records do not wait for a checkpoint, and may come again after a failure: at least once, for what is
     * of use only at once.
     */
    public <T> Sink<T> toSeeAtOnce(TopicRecords<T> records) {
        return KafkaSink.<T>builder()
                .setBootstrapServers(bootstrapServers)
                .setKafkaProducerConfig(producerProperties())
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setRecordSerializer(records)
                .build();
    }

    /** How the transactional ids of one topic's sink begin; the topic is part of it, for a sink ends all that begin so. */
    private String transactionalIdPrefix(String topic) {
        return idPrefix() + topic;
    }

    /** How the transactional ids of all sinks of this deployment begin. */
    public String idPrefix() {
        return deployment + ".";
    }

    /** How long a transaction may be open before the broker ends it, and with it what it held. */
    public Duration transactionTimeout() {
        return Duration.ofMillis(number(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG));
    }

    /** The longest message that is sent, in bytes before compression. */
    public long maxRequestBytes() {
        return number(ProducerConfig.MAX_REQUEST_SIZE_CONFIG);
    }

    private long number(String name) {
        String value = producerProperties().getProperty(name);
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "The Kafka setting " + name + " is '" + value + "': expected a number", e);
        }
    }

    private Properties producerProperties() {
        Properties properties = new Properties();
        properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        properties.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_TIMEOUT_MILLIS);
        properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MAX_REQUEST_BYTES);
        properties.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, RETRY_BACKOFF_MILLIS);
        properties.putAll(clientProperties);
        return properties;
    }
}
