package io.freshet.diffusion;

/**
 * Classifier-free guidance (Ho and Salimans 2022, equation 6): ε = ε_null + w (ε_cond − ε_null), and which channels of the noise
 * prediction it is applied to. The other channels and the variance half are the conditional ones.
 */
public enum GuidedChannels {
    /**
     * The first three. Of a pixel model that is all; of a latent model with four channels the last one stays unguided. It is what
     * DiT, SiT and U-DiT were published and scored with, so it is what their images need to come out the same.
     */
    FIRST_THREE("first-three"),
    /** All channels of the noise prediction. */
    ALL("all");

    private static final int PUBLISHED_CHANNELS = 3;

    private final String wireName;

    GuidedChannels(String wireName) {
        this.wireName = wireName;
    }

    /** The name on the wire. */
    public String wireName() {
        return wireName;
    }

    /**
     * Reads a name as it stands on the wire.
     *
     * @throws IllegalArgumentException naming those there are
     */
    public static GuidedChannels fromWireName(String name) {
        for (GuidedChannels channels : values()) {
            if (channels.wireName.equals(name)) {
                return channels;
            }
        }
        throw new IllegalArgumentException("guidedChannels is '" + name + "': expected 'first-three' or 'all'");
    }

    /** How many of C channels are guided, from the first. */
    public int of(int channels) {
        return this == ALL ? channels : Math.min(channels, PUBLISHED_CHANNELS);
    }

    /**
     * Replaces the conditional noise prediction by the guided one, in place.
     *
     * @param output network output that holds both rows, [C or 2C, H, W] each
     * @param conditional where the row with the sample's label begins; written
     * @param unconditional where the row with the null label begins; read
     * @param channels C
     * @param area H·W
     * @param scale w; 1 leaves the conditional prediction as it is, up to rounding
     */
    public void combine(float[] output, int conditional, int unconditional, int channels, int area, double scale) {
        float weight = (float) scale;
        int values = of(channels) * area;
        for (int k = 0; k < values; k++) {
            float base = output[unconditional + k];
            output[conditional + k] = base + weight * (output[conditional + k] - base);
        }
    }
}
