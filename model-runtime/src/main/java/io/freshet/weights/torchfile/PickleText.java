package io.freshet.weights.torchfile;

/** How pickles of protocol 0 write text in a line. */
final class PickleText {
    private PickleText() {}

    /** In quotes, with Python's escapes. */
    static String quoted(String line) throws RefusedException {
        char quote = line.isEmpty() ? ' ' : line.charAt(0);
        if (line.length() < 2 || quote != '\'' && quote != '"' || line.charAt(line.length() - 1) != quote) {
            throw new RefusedException(PlainValues.describe(line) + " is no text in quotes");
        }
        return unescape(line.substring(1, line.length() - 1), true);
    }

    /** Without quotes, and of the escapes only those by number. */
    static String escaped(String line) throws RefusedException {
        return unescape(line, false);
    }

    private static String unescape(String text, boolean letters) throws RefusedException {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            char kind = c == '\\' && i + 1 < text.length() ? text.charAt(i + 1) : 0;
            int digits = switch (kind) {
                case 'u' -> letters ? 0 : 4;
                case 'U' -> letters ? 0 : 8;
                case 'x' -> letters ? 2 : 0;
                default -> 0;
            };
            if (digits > 0) {
                out.appendCodePoint(number(text, i + 2, digits));
                i += 1 + digits;
            } else if (letters && "\\'\"nrt".indexOf(kind) >= 0) {
                out.append("\\'\"\n\r\t".charAt("\\'\"nrt".indexOf(kind)));
                i++;
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static int number(String text, int start, int digits) throws RefusedException {
        try {
            int number = Integer.parseUnsignedInt(text.substring(start, Math.min(text.length(), start + digits)), 16);
            if (Character.isValidCodePoint(number)) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new RefusedException("a text has an escape that is no character: " + PlainValues.describe(text));
    }
}
