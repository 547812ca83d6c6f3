package io.freshet.sampling;

/**
 * How the network is evaluated for a sample. It changes the bits of an image, and is part of what an image is a function of.
 *
 * @param precision the numbers that it computes with
 * @param cacheInterval every so many evaluations the whole network is run, 1 to {@value #LONGEST_INTERVAL}; in between, only its outermost stages,
 *     with the deep features of the last whole run (DeepCache, Ma et al. 2024, arXiv 2312.00858). 1 runs the whole network always
 */
public record Inference(Precision precision, int cacheInterval) {
    /** float32, the whole network every time. */
    public static final Inference EXACT = new Inference(Precision.FP32, 1);

    /** The most that {@code cacheInterval} may be. */
    public static final int LONGEST_INTERVAL = 20;

    public Inference {
        if (cacheInterval < 1 || cacheInterval > LONGEST_INTERVAL) {
            throw new IllegalArgumentException("cacheInterval is " + cacheInterval
                    + ": expected 1 (the whole network every time) to " + LONGEST_INTERVAL);
        }
    }

    /** Whether deep features are used again at all. */
    public boolean caches() {
        return cacheInterval > 1;
    }
}
