package io.freshet.flink.candidate;

import org.jspecify.annotations.Nullable;

/**
 * A message on the topic of candidates as it came, not yet looked at.
 *
 * @param topic where it stood
 * @param partition its partition there
 * @param offset its offset there
 * @param timestampMillis its own timestamp
 * @param key its key, if it had one; not copied
 * @param value its value, if it had one; not copied
 */
public record CandidateMessage(
        String topic,
        int partition,
        long offset,
        long timestampMillis,
        byte @Nullable [] key,
        byte @Nullable [] value) {}
