package io.freshet.diffusion;

/**
 * UniPC-2 with B_2 (Zhao et al. 2023, arXiv 2302.04867, UniP-2 and UniC-2 in the form for data prediction): a predictor and a corrector
 * of the probability flow in the log-SNR λ. The prediction x_k is where the network is evaluated; its estimate of x_0 there also
 * serves to correct the step that led to x_k, at no further evaluation, and the next step starts from the corrected y_k. With
 * h_k = λ_{k+1} − λ_k, r_k = −h_{k−1} / h_k and Δ_{j,k} = x_0(j) − x_0(k),
 *
 * <pre>
 * y_{k+1} = σ_{k+1} / σ_k y_k + α_{k+1} (1 − e^{−h_k}) (x_0(k) + c_k Δ_{k−1,k} + d_k Δ_{k+1,k})
 * x_{k+1} = σ_{k+1} / σ_k y_k + α_{k+1} (1 − e^{−h_k}) (x_0(k) + Δ_{k−1,k} / (2 r_k)).
 * </pre>
 *
 * <p>c_k and d_k make the corrector exact where x_0 is a parabola in λ (theorem 3.1 there): with the moments M_p of
 * {@link LogSnrSteps#moment}, c_k r_k + d_k = M_1 and c_k r_k² + d_k = M_2. The first step has no x_0(k − 1), so c is 0 and d is ½. The
 * last step ends at the image itself, which is its estimate. The predictor is that of {@link DpmSolverSampler}, of the second order;
 * with the corrector the order is three.
 *
 * <p>One evaluation in each step; the history is y, then the last two estimates of x_0, newest first. Draws no noise. A predicted
 * variance is not used.
 */
public final class UniPcSampler implements Sampler {
    private final RespacedSchedule respaced;
    private final int last;
    private final ReverseDistribution reverse;
    private final float[] latentWeight;
    private final float[] startWeight;
    /** −1 / (2 r_k), 0 in the steps of the first order. */
    private final float[] slope;
    /** c_k of the corrector at the end of step k. */
    private final float[] earlierWeight;
    /** d_k of the corrector at the end of step k. */
    private final float[] laterWeight;

    /**
     * One evaluation for every step of a schedule, from the last one down.
     *
     * @param respaced the steps
     * @param parameterization what the network's output means
     * @param clipDenoised whether the estimate of x_0 is clipped to [−1, 1]: for models of pixels, not of latents
     */
    public UniPcSampler(RespacedSchedule respaced, Parameterization parameterization, boolean clipDenoised) {
        this.respaced = respaced;
        this.last = respaced.steps() - 1;
        this.reverse = new ReverseDistribution(respaced.schedule(), parameterization, clipDenoised);
        this.latentWeight = new float[last + 1];
        this.startWeight = new float[last + 1];
        this.slope = new float[last + 1];
        this.earlierWeight = new float[last + 1];
        this.laterWeight = new float[last + 1];
        LogSnrSteps steps = new LogSnrSteps(respaced.schedule());
        for (int k = 0; k <= last; k++) {
            latentWeight[k] = (float) steps.latentWeight(k);
            startWeight[k] = (float) steps.startWeight(k);
            laterWeight[k] = 0.5f;
            if (steps.isSecondOrder(k)) {
                double place = -steps.width(k - 1) / steps.width(k);
                double line = LogSnrSteps.moment(steps.width(k), 1);
                double parabola = LogSnrSteps.moment(steps.width(k), 2);
                slope[k] = (float) (-0.5 / place);
                earlierWeight[k] = (float) ((line - parabola) / (place * (1 - place)));
                laterWeight[k] = (float) ((parabola - place * line) / (1 - place));
            }
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
        return 3;
    }

    @Override
    public float[] glimpse(float[] latent, float[][] history) {
        return history[1];
    }

    @Override
    public boolean drawsNoise(int k) {
        return false;
    }

    @Override
    public void advance(int k, float[] latent, float[][] history, float[] output, int offset, float[] noise) {
        float[] corrected = history[0];
        float[] before = history[1];
        float[] earlier = history[2];
        for (int e = 0; e < latent.length; e++) {
            float x0 = reverse.start(last - k, latent[e], output[offset + e]);
            float y = latent[e];
            if (k > 0) {
                float parabola = before[e] + laterWeight[k - 1] * (x0 - before[e]);
                if (earlierWeight[k - 1] != 0f) {
                    parabola += earlierWeight[k - 1] * (earlier[e] - before[e]);
                }
                y = latentWeight[k - 1] * corrected[e] + startWeight[k - 1] * parabola;
            }
            float line = slope[k] == 0f ? x0 : x0 + slope[k] * (x0 - before[e]);
            latent[e] = latentWeight[k] * y + startWeight[k] * line;
            corrected[e] = y;
            earlier[e] = before[e];
            before[e] = x0;
        }
    }
}
