package io.freshet.sampling;

import io.freshet.diffusion.GuidedChannels;

/**
 * Classifier-free guidance of one sample (Ho and Salimans 2022), at noise levels in an interval (Kynkäänniemi et al. 2024, arXiv
 * 2404.07724): there the prediction is extrapolated away from the unconditional one, elsewhere the conditional one stands alone.
 *
 * <p>The noise level is the ratio σ / α of the noise and the image in x_t = α x_0 + σ ε. For networks that predict noise it is √(1/ᾱ − 1),
 * from 157 at the start of the linear schedule to about 0.01 at the end; for those that predict a velocity it is (1 − t)/t, from
 * infinity to 0.
 *
 * @param scale 1 (off) to 20
 * @param channels which channels it reaches
 * @param minNoise noise level above which it applies; 0 is no limit, without any noise it applies too
 * @param maxNoise noise level up to which it applies, itself included, above {@code minNoise}; may be infinite
 */
public record Guidance(double scale, GuidedChannels channels, double minNoise, double maxNoise) {
    private static final double OFF = 1;
    private static final double LARGEST_SCALE = 20;

    public Guidance {
        if (!(scale >= OFF && scale <= LARGEST_SCALE)) {
            throw new IllegalArgumentException("guidance is " + scale + ": expected a number from 1 (off) to 20");
        }
        if (!(minNoise >= 0 && minNoise < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "guidanceMinNoise is " + minNoise + ": expected a noise level of at least 0");
        }
        if (!(maxNoise > minNoise)) {
            throw new IllegalArgumentException("guidanceMaxNoise is " + maxNoise
                    + ": expected a noise level above guidanceMinNoise, which is " + minNoise);
        }
    }

    /** Guidance as DiT, SiT and U-DiT were published with: of the first three channels, at all noise levels. */
    public static Guidance asPublished(double scale) {
        return new Guidance(scale, GuidedChannels.FIRST_THREE, 0, Double.POSITIVE_INFINITY);
    }

    /** Whether it applies anywhere. */
    public boolean isOn() {
        return scale != OFF;
    }

    /** Whether an evaluation at a noise level needs the unconditional prediction beside the conditional one. */
    public boolean appliesAt(double noiseLevel) {
        return isOn() && (noiseLevel > minNoise || minNoise == 0) && noiseLevel <= maxNoise;
    }
}
