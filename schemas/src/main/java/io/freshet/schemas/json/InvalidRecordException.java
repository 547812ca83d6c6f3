package io.freshet.schemas.json;

/**
 * A message that is not the record it should be. The message of the exception names the record and the field, what was
 * found, what was expected and what to do, in one line that is safe to show to the sender.
 */
public final class InvalidRecordException extends Exception {
    private static final long serialVersionUID = 1;

    /** Not JSON, not UTF-8, or more than one JSON value. */
    static final String NOT_JSON = "not-json";
    /** More bytes, deeper nesting or longer names and numbers than any record has. */
    static final String TOO_LARGE = "too-large";

    static final String UNKNOWN_FIELD = "unknown-field";
    static final String MISSING_FIELD = "missing-field";
    static final String DUPLICATE_FIELD = "duplicate-field";
    static final String WRONG_TYPE = "wrong-type";
    static final String UNKNOWN_SYMBOL = "unknown-symbol";
    static final String OUT_OF_RANGE = "out-of-range";

    private final String code;
    private final String field;

    InvalidRecordException(String code, String field, String message) {
        super(message);
        this.code = code;
        this.field = field;
    }

    /**
     * The kind of fault, for machines: {@code not-json}, {@code too-large}, {@code unknown-field},
     * {@code missing-field}, {@code duplicate-field}, {@code wrong-type}, {@code unknown-symbol} or
     * {@code out-of-range}.
     */
    public String code() {
        return code;
    }

    /** Path of the field at fault, such as {@code classes[2]} or {@code outer.inner}; empty where none is. */
    public String field() {
        return field;
    }
}
