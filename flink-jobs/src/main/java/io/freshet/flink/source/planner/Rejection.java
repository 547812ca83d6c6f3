package io.freshet.flink.source.planner;

/** Why a message cannot be served. The message is for the sender: what was wrong, what was expected, what to do. */
final class Rejection extends Exception {
    private static final long serialVersionUID = 1;

    private final String code;

    /**
     * @param code for machines, in kebab case
     * @param reason for people
     */
    Rejection(String code, String reason) {
        super(reason, null, false, false);
        this.code = code;
    }

    String code() {
        return code;
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
