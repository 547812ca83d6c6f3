package io.freshet.weights.torchfile;

/** Bounds what one pickle may make, for a short one can ask for a great deal. */
final class Budget {
    /** A tensor takes about 60. */
    static final int MAX_VALUES = 1 << 23;

    private int left = MAX_VALUES;

    /**
     * Accounts for values before they are made.
     *
     * @throws RefusedException if there are too many
     */
    void spend(long values) throws RefusedException {
        if (values > left) {
            throw new RefusedException("there are more than " + MAX_VALUES + " values in it");
        }
        left -= (int) values;
    }
}
