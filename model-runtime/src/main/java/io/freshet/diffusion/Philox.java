package io.freshet.diffusion;

/**
 * The counter-based generator Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): a keyed
 * bijection of 128-bit counters whose output passes the usual batteries. It has no state; equal arguments give equal bits on
 * every machine.
 */
public final class Philox {
    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int KEY_BUMP_0 = 0x9E3779B9;
    private static final int KEY_BUMP_1 = 0xBB67AE85;
    private static final long LOW_WORD = 0xFFFFFFFFL;

    private Philox() {}

    /**
     * Four random words.
     *
     * @param key the key, its low word first
     * @param counterLow words 0 (low) and 1 (high) of the counter
     * @param counterHigh words 2 (low) and 3 (high) of the counter
     * @param out at least four elements; the first four are written
     */
    public static void block(long key, long counterLow, long counterHigh, int[] out) {
        int key0 = (int) key;
        int key1 = (int) (key >>> 32);
        int c0 = (int) counterLow;
        int c1 = (int) (counterLow >>> 32);
        int c2 = (int) counterHigh;
        int c3 = (int) (counterHigh >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * (c0 & LOW_WORD);
            long product1 = MULTIPLIER_1 * (c2 & LOW_WORD);
            c0 = (int) (product1 >>> 32) ^ c1 ^ key0;
            c2 = (int) (product0 >>> 32) ^ c3 ^ key1;
            c1 = (int) product1;
            c3 = (int) product0;
            key0 += KEY_BUMP_0;
            key1 += KEY_BUMP_1;
        }
        out[0] = c0;
        out[1] = c1;
        out[2] = c2;
        out[3] = c3;
    }
}
