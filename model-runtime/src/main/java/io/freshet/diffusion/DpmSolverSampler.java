package io.freshet.diffusion;

/**
 * DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095, algorithm 2): a solver of the probability flow in the log-SNR λ that goes along
 * the line through the last two estimates of x_0. With h_k = λ_{k+1} − λ_k and r_k = h_{k−1} / h_k,
 *
 * <pre>
 * D_k     = x_0(k) + (x_0(k) − x_0(k−1)) / (2 r_k)
 * x_{k+1} = σ_{k+1} / σ_k x_k + α_{k+1} (1 − e^{−h_k}) D_k.
 * </pre>
 *
 * <p>SDE-DPM-Solver++(2M), which goes along the stochastic process instead (the same paper, appendix D.2), has
 *
 * <pre>
 * x_{k+1} = σ_{k+1} / σ_k e^{−h_k} x_k + α_{k+1} (1 − e^{−2h_k}) D_k + σ_{k+1} √(1 − e^{−2h_k}) z.
 * </pre>
 *
 * <p>The first step and the last one, which ends at the image itself, are of the first order: there D is x_0, and the step of the flow is
 * that of DDIM with η = 0. One evaluation in each step; the history is the estimate of x_0 before. A predicted variance is not used.
 */
public final class DpmSolverSampler implements Sampler {
    private final RespacedSchedule respaced;
    private final int last;
    private final int order;
    private final ReverseDistribution reverse;
    private final float[] latentWeight;
    private final float[] startWeight;
    private final float[] slope;
    private final float[] noiseWeight;

    /** Along which of the two equations with the same distributions x_t a sample goes. */
    public enum Equation {
        /** The probability flow: no noise. */
        FLOW,
        /** The stochastic process: noise in all steps but the last. */
        PROCESS
    }

    /**
     * One evaluation for every step of a schedule, from the last one down.
     *
     * @param respaced the steps
     * @param parameterization what the network's output means
     * @param equation which to solve
     * @param order 2, or 1 for the first-order steps alone
     * @param clipDenoised whether the estimate of x_0 is clipped to [−1, 1]: for models of pixels, not of latents
     */
    public DpmSolverSampler(
            RespacedSchedule respaced,
            Parameterization parameterization,
            Equation equation,
            int order,
            boolean clipDenoised) {
        if (order < 1 || order > 2) {
            throw new IllegalArgumentException("The order of DPM-Solver++ is " + order + ": expected 1 or 2");
        }
        this.respaced = respaced;
        this.last = respaced.steps() - 1;
        this.order = order;
        this.reverse = new ReverseDistribution(respaced.schedule(), parameterization, clipDenoised);
        this.latentWeight = new float[last + 1];
        this.startWeight = new float[last + 1];
        this.slope = new float[last + 1];
        this.noiseWeight = new float[last + 1];
        LogSnrSteps steps = new LogSnrSteps(respaced.schedule());
        for (int k = 0; k <= last; k++) {
            if (equation == Equation.FLOW) {
                latentWeight[k] = (float) steps.latentWeight(k);
                startWeight[k] = (float) steps.startWeight(k);
            } else {
                latentWeight[k] = (float) steps.latentWeightOfProcess(k);
                startWeight[k] = (float) steps.startWeightOfProcess(k);
                noiseWeight[k] = (float) steps.noiseWeightOfProcess(k);
            }
            slope[k] = order == 2 && steps.isSecondOrder(k) ? (float) (steps.width(k) / (2 * steps.width(k - 1))) : 0;
        }
    }

    @Override
    public int evaluations() {
        return last + 1;
    }

    @Override
    public double time(int k) {
        return respaced.timestep(last - k);
    }

    @Override
    public int historyLength() {
        return order - 1;
    }

    @Override
    public float[] glimpse(float[] latent, float[][] history) {
        return order == 2 ? history[0] : latent;
    }

    @Override
    public boolean drawsNoise(int k) {
        return noiseWeight[k] > 0;
    }

    @Override
    public void advance(int k, float[] latent, float[][] history, float[] output, int offset, float[] noise) {
        for (int e = 0; e < latent.length; e++) {
            float x = latent[e];
            float x0 = reverse.start(last - k, x, output[offset + e]);
            float line = slope[k] == 0f ? x0 : x0 + slope[k] * (x0 - history[0][e]);
            if (order == 2) {
                history[0][e] = x0;
            }
            float mean = latentWeight[k] * x + startWeight[k] * line;
            latent[e] = noiseWeight[k] == 0f ? mean : mean + noiseWeight[k] * noise[e];
        }
    }
}
