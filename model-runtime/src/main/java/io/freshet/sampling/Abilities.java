package io.freshet.sampling;

import io.freshet.diffusion.Prediction;
import java.io.Serializable;

/**
 * What can be asked of a network.
 *
 * @param prediction what it predicts, which decides the samplers that can draw from it
 * @param hasNullLabel whether samples can be guided
 * @param runsInBf16 whether it can be evaluated in {@link Precision#BF16} too; every one can in {@link Precision#FP32}
 * @param cachesFeatures whether deep features of one evaluation can be used again in the next ones
 */
public record Abilities(Prediction prediction, boolean hasNullLabel, boolean runsInBf16, boolean cachesFeatures)
        implements Serializable {
    /** Those of a network in memory. */
    public static Abilities of(Denoiser denoiser) {
        return new Abilities(
                denoiser.prediction(), denoiser.hasNullLabel(), denoiser.runsInBf16(), denoiser.cachesFeatures());
    }

    /** Whether it can be evaluated in a precision. */
    public boolean runsIn(Precision precision) {
        return precision == Precision.FP32 || runsInBf16;
    }

    /** A precision where it can be evaluated in it, or else the one that every network has. */
    public Precision nearest(Precision preferred) {
        return runsIn(preferred) ? preferred : Precision.FP32;
    }
}
