package io.freshet.sampling;

import io.freshet.diffusion.DdimSampler;
import io.freshet.diffusion.DdpmSampler;
import io.freshet.diffusion.DpmSolverSampler;
import io.freshet.diffusion.NoiseSchedule;
import io.freshet.diffusion.Parameterization;
import io.freshet.diffusion.Prediction;
import io.freshet.diffusion.RespacedSchedule;
import io.freshet.diffusion.Sampler;
import io.freshet.diffusion.UniPcSampler;
import io.freshet.diffusion.transport.Diffusion;
import io.freshet.diffusion.transport.DiffusionForm;
import io.freshet.diffusion.transport.Interpolant;
import io.freshet.diffusion.transport.LastStep;
import io.freshet.diffusion.transport.OdeMethod;
import io.freshet.diffusion.transport.OdeSettings;
import io.freshet.diffusion.transport.SdeMethod;
import io.freshet.diffusion.transport.SdeSettings;
import io.freshet.diffusion.transport.Target;
import io.freshet.diffusion.transport.Transport;

/** The evaluations that samples with the same sampler, number of steps and eta take of one network; shared by their rows. */
final class SamplerPlan {
    /** What SiT was trained along; the probability flow does not depend on it, the stochastic process and noise levels do. */
    private static final Transport FLOW = Transport.of(Interpolant.LINEAR, Target.VELOCITY);

    private static final Diffusion FLOW_DIFFUSION = new Diffusion(DiffusionForm.SIGMA, 1);
    private static final LastStep FLOW_LAST_STEP = new LastStep(LastStep.Kind.MEAN, 0.04);

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
        Sampler sampler = sampler(settings, denoiser);
        return new SamplerPlan(sampler, noiseLevels(sampler, denoiser.prediction()));
    }

    private static Sampler sampler(SamplerSettings settings, Denoiser denoiser) {
        boolean clip = denoiser.clipsDenoised();
        return switch (settings.kind()) {
            case DDPM -> new DdpmSampler(respaced(settings), parameterization(denoiser), clip);
            case DDIM -> new DdimSampler(respaced(settings), parameterization(denoiser), settings.eta(), clip);
            case DPMPP_2M -> dpmSolver(DpmSolverSampler.Equation.FLOW, settings, denoiser);
            case DPMPP_2M_SDE -> dpmSolver(DpmSolverSampler.Equation.PROCESS, settings, denoiser);
            case UNIPC -> new UniPcSampler(respaced(settings), parameterization(denoiser), clip);
            case FLOW_EULER -> flow(OdeMethod.EULER, settings);
            case FLOW_HEUN -> flow(OdeMethod.HEUN2, settings);
            case FLOW_MIDPOINT -> flow(OdeMethod.MIDPOINT, settings);
            case FLOW_RK4 -> flow(OdeMethod.RK4, settings);
            case FLOW_SDE -> process(SdeMethod.EULER_MARUYAMA, settings);
            case FLOW_SDE_HEUN -> process(SdeMethod.HEUN, settings);
        };
    }

    private static Sampler dpmSolver(DpmSolverSampler.Equation equation, SamplerSettings settings, Denoiser denoiser) {
        return new DpmSolverSampler(
                respaced(settings), parameterization(denoiser), equation, 2, denoiser.clipsDenoised());
    }

    private static RespacedSchedule respaced(SamplerSettings settings) {
        return RespacedSchedule.of(trainingSchedule(), settings.respacing());
    }

    private static NoiseSchedule trainingSchedule() {
        return NoiseSchedule.linear(SamplerSettings.TRAINING_STEPS);
    }

    private static Parameterization parameterization(Denoiser denoiser) {
        return denoiser.learnsSigma() ? Parameterization.LEARNED_NOISE : Parameterization.PLAIN_NOISE;
    }

    private static Sampler flow(OdeMethod method, SamplerSettings settings) {
        return new OdeSettings(method, settings.steps(), false).sampler(FLOW);
    }

    private static Sampler process(SdeMethod method, SamplerSettings settings) {
        return new SdeSettings(method, FLOW_DIFFUSION, FLOW_LAST_STEP, settings.steps()).sampler(FLOW);
    }

    private static double[] noiseLevels(Sampler sampler, Prediction prediction) {
        double[] training = trainingSchedule().sqrtRecipm1AlphasCumprod();
        double[] levels = new double[sampler.evaluations()];
        for (int k = 0; k < levels.length; k++) {
            double time = sampler.time(k);
            levels[k] = switch (prediction) {
                case NOISE -> training[(int) time];
                case VELOCITY -> FLOW.path().sigma(time) / FLOW.path().alpha(time);
            };
        }
        return levels;
    }

    Sampler sampler() {
        return sampler;
    }

    /** The noise level at evaluation k, as {@link Guidance} counts it. */
    double noiseLevel(int k) {
        return noiseLevels[k];
    }
}
