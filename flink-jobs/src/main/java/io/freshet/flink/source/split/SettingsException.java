package io.freshet.flink.source.split;

/** Settings that a request cannot have, or not of the checkpoint that it names. The message is for the sender. */
public final class SettingsException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final String code;

    /**
     * @param code for machines, in kebab case
     * @param reason for people: the field, its value, what was expected
     */
    SettingsException(String code, String reason) {
        super(reason);
        this.code = code;
    }

    /** What stands in the way, for machines. */
    public String code() {
        return code;
    }
}
