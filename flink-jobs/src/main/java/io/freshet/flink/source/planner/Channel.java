package io.freshet.flink.source.planner;

import io.freshet.schemas.avro.RequestClass;
import org.jspecify.annotations.Nullable;

/** What the messages of a topic are. */
enum Channel {
    /** Announcements of checkpoints. */
    CHECKPOINTS("announcement", null),
    /** Commands. */
    CONTROL("command", null),
    INTERACTIVE("request", RequestClass.INTERACTIVE),
    EVALUATION("request", RequestClass.EVALUATION),
    BULK("request", RequestClass.BULK);

    private final String stage;
    private final @Nullable RequestClass requestClass;

    Channel(String stage, @Nullable RequestClass requestClass) {
        this.stage = stage;
        this.requestClass = requestClass;
    }

    /** Of the requests of a class. */
    static Channel of(RequestClass requestClass) {
        return switch (requestClass) {
            case INTERACTIVE -> INTERACTIVE;
            case EVALUATION -> EVALUATION;
            case BULK -> BULK;
        };
    }

    /** What one message is called. */
    String stage() {
        return stage;
    }

    /** The class of its requests; null where it has none. */
    @Nullable
    RequestClass requestClass() {
        return requestClass;
    }

    boolean hasRequests() {
        return requestClass != null;
    }
}
