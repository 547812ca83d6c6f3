package io.freshet.sampling;

import io.freshet.diffusion.DdimSampler;
import io.freshet.diffusion.DdpmSampler;
import io.freshet.diffusion.DpmSolverSampler;
import io.freshet.diffusion.NoiseSchedule;
import io.freshet.diffusion.Parameterization;
import io.freshet.diffusion.RespacedSchedule;
import io.freshet.diffusion.Sampler;
import io.freshet.diffusion.UniPcSampler;

/** The evaluations that samples with the same sampler, number of steps and eta take of one network; shared by their rows. */
final class SamplerPlan {
    private final Sampler sampler;
    private final double[] noiseLevels;

    private SamplerPlan(Sampler sampler, double[] noiseLevels) {
        this.sampler = sampler;
        this.noiseLevels = noiseLevels;
    }

    /**
     * @throws IllegalArgumentException if the sampler cannot draw from the network
     */
    static SamplerPlan of(SamplerSettings settings, Denoiser denoiser) {
        settings.kind().requireFits(denoiser.prediction());
        NoiseSchedule training = NoiseSchedule.linear(SamplerSettings.TRAINING_STEPS);
        RespacedSchedule respaced = RespacedSchedule.of(training, settings.respacing());
        boolean clip = denoiser.clipsDenoised();
        Parameterization parameterization =
                denoiser.learnsSigma() ? Parameterization.LEARNED_NOISE : Parameterization.PLAIN_NOISE;
        Sampler sampler = switch (settings.kind()) {
            case DDPM -> new DdpmSampler(respaced, parameterization, clip);
            case DDIM -> new DdimSampler(respaced, parameterization, settings.eta(), clip);
            case DPMPP_2M -> new DpmSolverSampler(respaced, parameterization, 2, clip);
            case UNIPC -> new UniPcSampler(respaced, parameterization, clip);
        };
        double[] trainingLevels = training.sqrtRecipm1AlphasCumprod();
        double[] noiseLevels = new double[sampler.evaluations()];
        for (int k = 0; k < noiseLevels.length; k++) {
            noiseLevels[k] = trainingLevels[(int) sampler.time(k)];
        }
        return new SamplerPlan(sampler, noiseLevels);
    }

    Sampler sampler() {
        return sampler;
    }

    /** The noise level at evaluation k, as {@link Guidance} counts it. */
    double noiseLevel(int k) {
        return noiseLevels[k];
    }
}
