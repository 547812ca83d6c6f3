package io.freshet.app.conformance;

import io.freshet.weights.Tensor;
import java.util.Objects;
import java.util.function.Consumer;

/** Takes what a runner finds out about one fixture. */
public final class Checks {
    private final String fixture;
    private final Consumer<Check> sink;

    Checks(String fixture, Consumer<Check> sink) {
        this.fixture = fixture;
        this.sink = sink;
    }

    /** Compares tensors of numbers: largest difference over the largest expected magnitude. Shapes must agree. */
    public void close(String check, Tensor expected, Tensor actual, double tolerance) {
        if (!expected.shape().equals(actual.shape())) {
            fail(check, tolerance, "the shape is " + actual.shape() + ", expected " + expected.shape());
        } else {
            close(check, Numbers.doubles(expected), Numbers.doubles(actual), tolerance);
        }
    }

    /** Compares numbers: largest difference over the largest expected magnitude. */
    public void close(String check, double[] expected, double[] actual, double tolerance) {
        if (expected.length != actual.length) {
            fail(check, tolerance, actual.length + " numbers, expected " + expected.length);
        } else {
            measured(check, Numbers.relativeError(expected, actual), tolerance);
        }
    }

    /** Compares two numbers. */
    public void close(String check, double expected, double actual, double tolerance) {
        close(check, new double[] {expected}, new double[] {actual}, tolerance);
    }

    /** Requires two things to be equal. */
    public void equal(String check, Object expected, Object actual) {
        if (Objects.deepEquals(expected, actual)) {
            measured(check, 0, 0);
        } else {
            fail(check, 0, "got " + actual + ", expected " + expected);
        }
    }

    /** Requires two tensors to have the same type, shape and bytes. */
    public void identical(String check, Tensor expected, Tensor actual) {
        if (!expected.toString().equals(actual.toString())) {
            fail(check, 0, "got " + actual + ", expected " + expected);
        } else if (!expected.data().equals(actual.data())) {
            fail(check, 0, "other bytes, the first at " + expected.data().mismatch(actual.data()));
        } else {
            measured(check, 0, 0);
        }
    }

    /** Records an error that the caller measured. */
    public void measured(String check, double error, double tolerance) {
        sink.accept(new Check(fixture, check, error, tolerance, ""));
    }

    /** Records a failure that no number tells. */
    public void fail(String check, double tolerance, String detail) {
        sink.accept(new Check(fixture, check, 1, tolerance, detail));
    }
}
