package io.freshet.diffusion;

/**
 * What solvers in the log-SNR λ = ln(α / σ) share, with α = √ᾱ and σ = √(1 − ᾱ): the steps from one evaluation of a respaced
 * schedule to the next, in float64. Step k goes from evaluation k to k + 1, the last one to the image, where σ = 0 and λ = ∞.
 *
 * <p>The probability flow in λ has the exact solution (Lu et al. 2022, arXiv 2211.01095, proposition 4.1)
 *
 * <pre>x_t = σ_t / σ_s x_s + σ_t ∫ e^λ x_0(λ) dλ   over λ_s to λ_t.</pre>
 *
 * <p>A solver puts a polynomial through known estimates of x_0 in the place of x_0(λ). With h = λ_t − λ_s and r = (λ − λ_s) / h,
 * σ_t e^λ dλ is α_t h e^{−h(1−r)} dr, so a constant estimate has the weight α_t (1 − e^{−h}).
 */
final class LogSnrSteps {
    private static final int MAX_TERMS = 10_000;

    private final double[] signal;
    private final double[] spread;
    private final double[] logSnr;

    LogSnrSteps(NoiseSchedule schedule) {
        int steps = schedule.steps();
        double[] signals = schedule.sqrtAlphasCumprod();
        double[] spreads = schedule.sqrtOneMinusAlphasCumprod();
        this.signal = new double[steps];
        this.spread = new double[steps];
        this.logSnr = new double[steps];
        for (int k = 0; k < steps; k++) {
            signal[k] = signals[steps - 1 - k];
            spread[k] = spreads[steps - 1 - k];
            logSnr[k] = StrictMath.log(signal[k]) - StrictMath.log(spread[k]);
        }
    }

    int count() {
        return logSnr.length;
    }

    /** h of step k; not of the last one, which has no end. */
    double width(int k) {
        return logSnr[k + 1] - logSnr[k];
    }

    /** σ_t / σ_s of step k. */
    double latentWeight(int k) {
        return isLast(k) ? 0 : spread[k + 1] / spread[k];
    }

    /** α_t (1 − e^{−h}) of step k. */
    double startWeight(int k) {
        return isLast(k) ? 1 : -signal[k + 1] * StrictMath.expm1(-width(k));
    }

    /** σ_t / σ_s e^{−h} of step k. */
    double latentWeightOfProcess(int k) {
        return isLast(k) ? 0 : latentWeight(k) * StrictMath.exp(-width(k));
    }

    /** α_t (1 − e^{−2h}) of step k. */
    double startWeightOfProcess(int k) {
        return isLast(k) ? 1 : -signal[k + 1] * StrictMath.expm1(-2 * width(k));
    }

    /** σ_t √(1 − e^{−2h}) of step k. */
    double noiseWeightOfProcess(int k) {
        return isLast(k) ? 0 : spread[k + 1] * StrictMath.sqrt(-StrictMath.expm1(-2 * width(k)));
    }

    /**
     * Whether step k can go along a line through two estimates: the first has but one, and the last is infinitely wide, so that it has
     * to end at its estimate.
     */
    boolean isSecondOrder(int k) {
        return k > 0 && !isLast(k);
    }

    private boolean isLast(int k) {
        return k == count() - 1;
    }

    /**
     * h ∫ e^{−h(1−r)} r^p dr over 0 to 1, by 1 − e^{−h}: by how much x_0 = r^p counts in a step, beside a constant one. Computed as
     * h e^{−h} Σ_j h^j / (j! (j + p + 1)): all terms are positive, so nothing cancels, as it would in a recursion over p where h is
     * small.
     */
    static double moment(double width, int power) {
        double sum = 0;
        double term = 1;
        for (int j = 0; j < MAX_TERMS; j++) {
            double next = sum + term / (j + power + 1);
            if (next == sum && j > width) {
                break;
            }
            sum = next;
            term *= width / (j + 1);
        }
        return -width * StrictMath.exp(-width) * sum / StrictMath.expm1(-width);
    }
}
