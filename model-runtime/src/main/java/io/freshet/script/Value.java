package io.freshet.script;

/**
 * A value in a graph under construction: the name of a local variable of the method.
 *
 * @param name identifier in the emitted code
 */
public record Value(String name) {
    @Override
    public String toString() {
        return name;
    }
}
