package io.freshet.flink.sink;

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
    private static final String TRANSACTION_TIMEOUT_MILLIS = "600000";

    /** A sink of the records' topic. */
    public <T> KafkaSink<T> to(TopicRecords<T> records) {
        Properties properties = new Properties();
        properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        properties.putAll(clientProperties);
        properties.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_TIMEOUT_MILLIS);
        return KafkaSink.<T>builder()
                .setBootstrapServers(bootstrapServers)
                .setKafkaProducerConfig(properties)
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(deployment + "." + records.topic())
                .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
                .setRecordSerializer(records)
                .build();
    }
}
