package io.freshet.flink.source.event;

import org.apache.flink.api.connector.source.SourceEvent;

/**
 * Reader to planner: there is room for this many network rows. The reader asks again only after it was given something, so the
 * newest ask is the only valid one.
 *
 * @param rows network rows; a guided sample takes two
 */
public record WorkWanted(int rows) implements SourceEvent {
    public WorkWanted {
        if (rows < 1) {
            throw new IllegalArgumentException("A reader cannot ask for " + rows + " rows: expected at least 1");
        }
    }
}
