package io.freshet.sampling;

/**
 * How a sample is drawn; with the checkpoint, the seed, the index and the label it determines every bit of the image.
 *
 * @param kind which sampler
 * @param steps denoising steps, 1 to 1000
 * @param eta DDIM's eta in [0, 1]; ignored by DDPM
 * @param guidance classifier-free guidance scale, 1 (off) to 20
 */
public record SamplerSettings(SamplerKind kind, int steps, double eta, double guidance) {
    public SamplerSettings {
        if (steps < 1 || steps > 1000) {
            throw new IllegalArgumentException("steps is " + steps + ": expected 1 to 1000");
        }
        if (!(eta >= 0 && eta <= 1)) {
            throw new IllegalArgumentException("eta is " + eta + ": expected a number from 0 to 1");
        }
        if (!(guidance >= 1 && guidance <= 20)) {
            throw new IllegalArgumentException("guidance is " + guidance + ": expected a number from 1 (off) to 20");
        }
    }

    /** Whether a step needs the unconditional prediction beside the conditional one. */
    public boolean guided() {
        return guidance != 1.0;
    }
}
