package io.freshet.sampling;

import io.freshet.diffusion.DdimSampler;
import io.freshet.diffusion.DdpmSampler;
import io.freshet.diffusion.NoiseSchedule;
import io.freshet.diffusion.Parameterization;
import io.freshet.diffusion.RespacedSchedule;
import io.freshet.diffusion.Sampler;

/**
 * The steps that samples with the same sampler, number of steps and eta take through one network; shared by their rows.
 *
 * @param schedule the steps, and the times that the network is told
 * @param sampler the formula
 */
record SamplerPlan(RespacedSchedule schedule, Sampler sampler) {
    static SamplerPlan of(SamplerSettings settings, Denoiser denoiser) {
        RespacedSchedule respaced =
                RespacedSchedule.of(NoiseSchedule.linear(SamplerSettings.TRAINING_STEPS), settings.respacing());
        boolean clip = denoiser.clipsDenoised();
        Parameterization parameterization =
                denoiser.learnsSigma() ? Parameterization.LEARNED_NOISE : Parameterization.PLAIN_NOISE;
        Sampler sampler = settings.kind() == SamplerKind.DDIM
                ? new DdimSampler(respaced.schedule(), parameterization, settings.eta(), clip)
                : new DdpmSampler(respaced.schedule(), parameterization, clip);
        return new SamplerPlan(respaced, sampler);
    }

    /** The index into the schedule of the next step, after so many. */
    int stepIndex(int stepsDone) {
        return schedule.steps() - 1 - stepsDone;
    }
}
