package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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
            throw new IllegalArgumentException("The arguments of " + className + " are "
                    + (arguments.isMissingNode() ? "missing" : arguments) + ", expected an object of keywords");
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
        return value.isMissingNode() ? otherwise : integer(keyword, value);
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

    /** Several whole numbers. */
    List<Integer> integers(String keyword, List<Integer> otherwise) {
        JsonNode value = arguments.path(keyword);
        if (value.isMissingNode()) {
            return otherwise;
        }
        require(value.isArray(), keyword, value, "a list of whole numbers");
        List<Integer> integers = new ArrayList<>();
        value.forEach(each -> integers.add(integer(keyword, each)));
        return integers;
    }

    /** Several whole numbers, or one that stands for as many of it. */
    List<Integer> integersOrOne(String keyword, List<Integer> otherwise) {
        JsonNode value = arguments.path(keyword);
        return value.isNumber()
                ? Collections.nCopies(otherwise.size(), integer(keyword, value))
                : integers(keyword, otherwise);
    }

    /**
     * One of several words; {@code none} stands for Python's None.
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

    private IllegalArgumentException wrong(String keyword, Object value, String expected) {
        return new IllegalArgumentException(className + ": " + keyword + " is " + value + ", expected " + expected);
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
