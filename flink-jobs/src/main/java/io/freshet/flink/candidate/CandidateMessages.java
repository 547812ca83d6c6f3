package io.freshet.flink.candidate;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Takes messages as they are: what is wrong with one is found where it can still be set aside. */
public final class CandidateMessages implements KafkaRecordDeserializationSchema<CandidateMessage> {
    private static final long serialVersionUID = 1;

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> found, Collector<CandidateMessage> out) {
        out.collect(new CandidateMessage(
                found.topic(), found.partition(), found.offset(), found.timestamp(), found.key(), found.value()));
    }

    @Override
    public TypeInformation<CandidateMessage> getProducedType() {
        return TypeInformation.of(CandidateMessage.class);
    }
}
