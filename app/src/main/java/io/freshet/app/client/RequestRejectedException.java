package io.freshet.app.client;

import org.jspecify.annotations.Nullable;

/** The job refuses a request; the message is its reason. */
public final class RequestRejectedException extends Exception {
    private static final long serialVersionUID = 1;

    RequestRejectedException(@Nullable String reason) {
        super(reason == null ? "the job gave no reason" : reason);
    }
}
