package io.freshet.flink.source.event;

import org.apache.flink.api.connector.source.SourceEvent;

/**
 * Reader to planner: a checkpoint cannot be used here.
 *
 * @param sha256 which
 * @param reason what was wrong with it, for people
 */
public record CheckpointFailed(String sha256, String reason) implements SourceEvent {}
