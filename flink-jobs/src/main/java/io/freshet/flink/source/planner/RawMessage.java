package io.freshet.flink.source.planner;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A message as it came, not yet judged.
 *
 * @param partition where it stood
 * @param offset its offset there
 * @param timestampMillis its own timestamp
 * @param key its key, if it had one; not copied
 * @param value its value, if it had one; not copied
 */
record RawMessage(
        TopicPartition partition, long offset, long timestampMillis, byte @Nullable [] key, byte @Nullable [] value) {
    /**
     * Its value.
     *
     * @throws Rejection if it has none
     */
    byte[] requireValue() throws Rejection {
        if (value == null) {
            throw new Rejection("no-value", "the message has no value: expected a JSON object");
        }
        return value;
    }
}
