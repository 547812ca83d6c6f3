package io.freshet.diffusion;

/**
 * Standard normal noise as a pure function of (seed, sample index, step, position): {@link Philox} keyed by the seed, counting
 * (index, step, block of four values), then Box and Muller's transform with {@link StrictMath}. The same on every machine and
 * in any order of drawing; no generator is shared or kept. Stateless.
 *
 * <p>A value is at most 6.8 in size, for the uniform numbers have 32 bits.
 */
public final class CounterNoise {
    /** The step whose noise a sample starts from. */
    public static final int INITIAL = 0;

    /** The step whose noise a sampler adds to the initial one before the network is evaluated, where it does so. */
    public static final int START = -1;

    private static final int BLOCK = 4;
    private static final double TWO_POW_MINUS_32 = 0x1p-32;

    private CounterNoise() {}

    /**
     * The step whose noise belongs to an evaluation of the network.
     *
     * @param evaluation 0 for the first one, at the noisiest time
     */
    public static int ofEvaluation(int evaluation) {
        return evaluation + 1;
    }

    /**
     * Fills an array with the noise of one sample at one step. A shorter array gets the beginning of what a longer one would.
     *
     * @param seed the request's seed
     * @param index sample index in the request
     * @param step {@link #INITIAL}, {@link #START} or {@link #ofEvaluation}
     * @param out written from the first element to the last
     */
    public static void fill(long seed, long index, int step, float[] out) {
        int[] words = new int[BLOCK];
        for (int start = 0, block = 0; start < out.length; start += BLOCK, block++) {
            Philox.block(seed, index, (step & 0xFFFFFFFFL) | ((long) block << 32), words);
            for (int pair = 0; pair < BLOCK && start + pair < out.length; pair += 2) {
                double radius = StrictMath.sqrt(-2 * StrictMath.log(uniform(words[pair])));
                double angle = 2 * Math.PI * uniform(words[pair + 1]);
                out[start + pair] = (float) (radius * StrictMath.cos(angle));
                if (start + pair + 1 < out.length) {
                    out[start + pair + 1] = (float) (radius * StrictMath.sin(angle));
                }
            }
        }
    }

    /** Uniform in (0, 1), never an end: the midpoint of one of 2^32 cells. */
    private static double uniform(int word) {
        return ((word & 0xFFFFFFFFL) + 0.5) * TWO_POW_MINUS_32;
    }
}
