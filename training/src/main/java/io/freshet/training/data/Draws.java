package io.freshet.training.data;

/** A stream of random numbers that depends on a key alone: SplitMix64 (Steele, Lea and Flood 2014), fixed here for ever. */
final class Draws {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    Draws(long seed, long index) {
        state = mix(mix(seed + GOLDEN) ^ mix(index * GOLDEN + 1));
    }

    /** Uniform in [low, high). */
    double between(double low, double high) {
        state += GOLDEN;
        return low + (high - low) * ((mix(state) >>> 11) * 0x1p-53);
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
