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
    /** Length of the linear schedule that models are trained with, and so the most steps that a sampler can take. */
    public static final int TRAINING_STEPS = 1000;

    public SamplerSettings {
        if (steps < 1 || steps > TRAINING_STEPS) {
            throw new IllegalArgumentException("steps is " + steps + ": expected 1 to " + TRAINING_STEPS);
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

    /**
     * Which steps of the training schedule are visited, in the notation of {@link io.freshet.diffusion.Respacing}. DDIM takes them
     * at an integer stride ("ddimN") where N divides {@value #TRAINING_STEPS}, as its authors did; where it does not, and for DDPM,
     * they are spread evenly ("N").
     */
    public String respacing() {
        boolean strided = kind == SamplerKind.DDIM && steps > 1 && TRAINING_STEPS % steps == 0;
        return (strided ? "ddim" : "") + steps;
    }
}
