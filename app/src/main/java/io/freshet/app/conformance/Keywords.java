package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Arguments of an original Python class by keyword. What is absent has the default that is given; every error names the class and
 * the keyword.
 */
final class Keywords {
    private final String className;
    private final JsonNode arguments;

    /**
     * Takes the arguments.
     *
     * @param known all keywords of the class
     * @throws IllegalArgumentException if these are no arguments, or one has another keyword
     */
    Keywords(String className, JsonNode arguments, List<String> known) {
        if (!arguments.isObject()) {
            throw new IllegalArgumentException(
                    "The arguments of " + className + " are " + arguments + ", expected an object of keywords");
        }
        arguments.fieldNames().forEachRemaining(keyword -> {
            if (!known.contains(keyword)) {
                throw new IllegalArgumentException(
                        className + " has no keyword '" + keyword + "', expected one of " + known);
            }
        });
        this.className = className;
        this.arguments = arguments;
    }

    /** A whole number. */
    int integer(String keyword, int otherwise) {
        JsonNode value = arguments.path(keyword);
        if (value.isMissingNode()) {
            return otherwise;
        }
        return integer(keyword, value);
    }

    /** A number. */
    double number(String keyword, double otherwise) {
        JsonNode value = arguments.path(keyword);
        if (value.isMissingNode()) {
            return otherwise;
        }
        require(value.isNumber(), keyword, value, "a number");
        return value.asDouble();
    }

    /** True or false, for which Python also takes 1 and 0. */
    boolean flag(String keyword, boolean otherwise) {
        JsonNode value = arguments.path(keyword);
        if (value.isMissingNode()) {
            return otherwise;
        }
        boolean number = value.isIntegralNumber() && (value.asInt() == 0 || value.asInt() == 1);
        require(value.isBoolean() || number, keyword, value, "true, false, 1 or 0");
        return value.isBoolean() ? value.asBoolean() : value.asInt() == 1;
    }

    /** Several whole numbers, or one that stands for as many of it. */
    List<Integer> integers(String keyword, List<Integer> otherwise) {
        JsonNode value = arguments.path(keyword);
        if (value.isMissingNode()) {
            return otherwise;
        }
        List<Integer> integers = new ArrayList<>();
        for (int i = 0; i < otherwise.size() && !value.isArray(); i++) {
            integers.add(integer(keyword, value));
        }
        value.forEach(each -> integers.add(integer(keyword, each)));
        return integers;
    }

    /**
     * One of several words; Python's None is written {@code none}.
     *
     * @param choices what the words mean
     */
    <T> T choice(String keyword, String otherwise, Map<String, T> choices) {
        JsonNode value = arguments.path(keyword);
        String word = otherwise;
        if (!value.isMissingNode()) {
            require(value.isNull() || value.isTextual(), keyword, value, "one of " + choices.keySet());
            word = value.isNull() ? "none" : value.asText();
        }
        T choice = choices.get(word);
        if (choice == null) {
            throw wrong(keyword, word, "one of " + choices.keySet());
        }
        return choice;
    }

    /** What is wrong with an argument. */
    IllegalArgumentException wrong(String keyword, Object value, String expected) {
        return new IllegalArgumentException(
                String.format(Locale.ROOT, "%s: %s is %s, expected %s", className, keyword, value, expected));
    }

    private int integer(String keyword, JsonNode value) {
        require(value.isIntegralNumber() && value.canConvertToInt(), keyword, value, "a whole number");
        return value.asInt();
    }

    private void require(boolean condition, String keyword, JsonNode value, String expected) {
        if (!condition) {
            throw wrong(keyword, value, expected);
        }
    }
}
