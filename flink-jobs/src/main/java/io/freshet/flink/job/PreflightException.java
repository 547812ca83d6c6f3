package io.freshet.flink.job;

import org.jspecify.annotations.Nullable;

/** Why a job cannot be run against a Kafka cluster as it is. The message says what to change, and where. */
public final class PreflightException extends Exception {
    private static final long serialVersionUID = 1;

    PreflightException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
