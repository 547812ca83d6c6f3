package io.freshet.flink.text;

/** Text of strangers, made fit for messages and logs. */
public final class Text {
    private static final int LONGEST_QUOTE = 60;

    private Text() {}

    /** Cut to a readable length, without control characters. */
    public static String quotable(String text) {
        String cut = text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
        return singleLine(cut);
    }

    /** Without what could break a log line or turn the direction of its text. */
    public static String singleLine(String text) {
        return text.replaceAll("[\\p{Cntrl}\\p{Cf}\\p{Cs}\\u2028\\u2029]", "?");
    }
}
