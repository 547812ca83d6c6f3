package io.freshet.diffusion.transport;

/**
 * The times between which something happens, in the order in which they are passed; descending from data to noise.
 *
 * @param start in [0, 1]
 * @param end in [0, 1], not the start
 */
public record Interval(double start, double end) {
    public Interval {
        if (!(start >= 0 && start <= 1 && end >= 0 && end <= 1 && start != end)) {
            throw new IllegalArgumentException(
                    "interval is from " + start + " to " + end + ": expected two different times from 0 to 1");
        }
    }

    /** The same way through the reversed time 1 − t, as SiT's code takes it; for symmetric intervals, the way back. */
    public Interval mirrored() {
        return new Interval(1 - start, 1 - end);
    }

    /** The time after i of so many equal steps; after the last one exactly the end. */
    double at(int i, int steps) {
        return i == steps ? end : start + i * step(steps);
    }

    /** Length of one of so many equal steps, negative where the interval descends. */
    double step(int steps) {
        return (end - start) / steps;
    }
}
