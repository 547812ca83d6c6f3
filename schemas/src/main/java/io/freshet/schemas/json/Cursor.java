package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A JSON parser that knows which field of which record it stands at. One per decoded message. */
final class Cursor {
    private static final int LONGEST_QUOTE = 60;

    private final String recordName;
    private final JsonParser parser;
    private final StringBuilder path = new StringBuilder();

    Cursor(String recordName, JsonParser parser) {
        this.recordName = recordName;
        this.parser = parser;
    }

    JsonToken token() {
        return parser.currentToken();
    }

    /** Moves on; at the end of the input the JSON is incomplete, which is the parser's to report. */
    JsonToken next() throws IOException {
        return parser.nextToken();
    }

    /** The current name, string or number as written, without quotes. */
    String text() throws IOException {
        return parser.getText();
    }

    /** The current number; infinite where a double cannot hold it. */
    double number() throws IOException {
        return parser.getDoubleValue();
    }

    /** Steps into a field; hand the result to {@link #leave}. */
    int enter(String field) {
        int mark = path.length();
        if (mark > 0) {
            path.append('.');
        }
        path.append(field);
        return mark;
    }

    /** Steps into an element of an array; hand the result to {@link #leave}. */
    int enter(int index) {
        int mark = path.length();
        path.append('[').append(index).append(']');
        return mark;
    }

    void leave(int mark) {
        path.setLength(mark);
    }

    /** The current value is not what was expected. */
    InvalidRecordException unexpected(String code, String expected, String remedy) throws IOException {
        return error(code, "found " + found() + ", expected " + expected + "; " + remedy);
    }

    /** A fault at the current place. */
    InvalidRecordException error(String code, String problem) {
        String where = path.length() == 0 ? recordName : recordName + "." + path;
        return new InvalidRecordException(
                code, path.toString(), where + ": " + problem + place(parser.currentTokenLocation()));
    }

    static String place(@Nullable JsonLocation location) {
        return location == null ? "" : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")";
    }

    private String found() throws IOException {
        return switch (token()) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "an array";
            case VALUE_STRING -> "the string " + quote(text());
            default -> clean(text());
        };
    }

    /** {@link #clean} in quotes. */
    static String quote(String text) {
        return '"' + clean(text) + '"';
    }

    /** Text of a sender, cut to a readable length and without control characters. */
    static String clean(String text) {
        boolean whole = text.length() <= LONGEST_QUOTE;
        StringBuilder safe = new StringBuilder();
        text.substring(0, whole ? text.length() : LONGEST_QUOTE)
                .codePoints()
                .forEach(c -> safe.appendCodePoint(isPrintable(c) ? c : '?'));
        return whole ? safe.toString() : safe.append("...").toString();
    }

    /** Leaves out what could break a log line or turn the direction of its text. */
    private static boolean isPrintable(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
