package io.freshet.diffusion;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * The variances of a forward diffusion process q and all that follows from them, in float64 (Ho et al. 2020, equations 4 and 7).
 * Immutable. Arrays are indexed by step, 0 being the least noisy one; every array accessor returns a fresh copy of length
 * {@link #steps}.
 */
public final class NoiseSchedule {
    private static final double LINEAR_FIRST_BETA = 0.0001;
    private static final double LINEAR_LAST_BETA = 0.02;
    private static final double LINEAR_REFERENCE_STEPS = 1000;
    private static final double COSINE_OFFSET = 0.008;
    private static final double COSINE_LARGEST_BETA = 0.999;

    private final double[] betas;
    private final double[] alphasCumprod;
    private final double[] alphasCumprodPrev;
    private final double[] posteriorVariance;

    private NoiseSchedule(double[] betas) {
        int steps = betas.length;
        this.betas = betas;
        this.alphasCumprod = new double[steps];
        this.alphasCumprodPrev = new double[steps];
        double product = 1;
        for (int i = 0; i < steps; i++) {
            alphasCumprodPrev[i] = product;
            product *= 1 - betas[i];
            alphasCumprod[i] = product;
        }
        this.posteriorVariance = map(i -> betas[i] * (1 - alphasCumprodPrev[i]) / (1 - alphasCumprod[i]));
    }

    /**
     * Betas that grow linearly from 0.0001 to 0.02 over 1000 steps (Ho et al. 2020), scaled by 1000/steps for other lengths.
     *
     * @param steps at least 21, or the last beta would reach 1
     */
    public static NoiseSchedule linear(int steps) {
        requirePositive(steps);
        double scale = LINEAR_REFERENCE_STEPS / steps;
        double first = scale * LINEAR_FIRST_BETA;
        double last = scale * LINEAR_LAST_BETA;
        double[] betas = new double[steps];
        double stride = steps == 1 ? 0 : (last - first) / (steps - 1);
        for (int i = 0; i < steps; i++) {
            betas[i] = first + i * stride;
        }
        if (steps > 1) {
            betas[steps - 1] = last;
        }
        return ofBetas(betas);
    }

    /** Betas from the squared cosine (Nichol and Dhariwal 2021, equation 17), none above 0.999. */
    public static NoiseSchedule squaredCosine(int steps) {
        requirePositive(steps);
        double[] betas = new double[steps];
        for (int i = 0; i < steps; i++) {
            double ratio = squaredCosineAlphaBar((i + 1) / (double) steps) / squaredCosineAlphaBar(i / (double) steps);
            betas[i] = Math.min(1 - ratio, COSINE_LARGEST_BETA);
        }
        return ofBetas(betas);
    }

    /**
     * The schedule of given betas.
     *
     * @param betas at least one, each in (0, 1); copied
     * @throws IllegalArgumentException naming the first that is not
     */
    public static NoiseSchedule ofBetas(double[] betas) {
        requirePositive(betas.length);
        for (int i = 0; i < betas.length; i++) {
            if (!(betas[i] > 0 && betas[i] < 1)) {
                throw new IllegalArgumentException("beta " + i + " of " + betas.length + " is " + betas[i]
                        + ": expected a number between 0 and 1, both excluded");
            }
        }
        return new NoiseSchedule(betas.clone());
    }

    /** Number of steps. */
    public int steps() {
        return betas.length;
    }

    /** β. */
    public double[] betas() {
        return betas.clone();
    }

    /** ᾱ, the running product of 1 − β. */
    public double[] alphasCumprod() {
        return alphasCumprod.clone();
    }

    /** ᾱ one step earlier; 1 at step 0. */
    public double[] alphasCumprodPrev() {
        return alphasCumprodPrev.clone();
    }

    /** ᾱ one step later; 0 at the last step. */
    public double[] alphasCumprodNext() {
        double[] next = Arrays.copyOfRange(alphasCumprod, 1, steps() + 1);
        next[steps() - 1] = 0;
        return next;
    }

    /** √ᾱ. */
    public double[] sqrtAlphasCumprod() {
        return map(i -> StrictMath.sqrt(alphasCumprod[i]));
    }

    /** √(1 − ᾱ). */
    public double[] sqrtOneMinusAlphasCumprod() {
        return map(i -> StrictMath.sqrt(1 - alphasCumprod[i]));
    }

    /** 1 − ᾱ. */
    public double[] oneMinusAlphasCumprod() {
        return map(i -> 1 - alphasCumprod[i]);
    }

    /** ln(1 − ᾱ). */
    public double[] logOneMinusAlphasCumprod() {
        return map(i -> StrictMath.log(1 - alphasCumprod[i]));
    }

    /** √(1/ᾱ). */
    public double[] sqrtRecipAlphasCumprod() {
        return map(i -> StrictMath.sqrt(1 / alphasCumprod[i]));
    }

    /** √(1/ᾱ − 1). */
    public double[] sqrtRecipm1AlphasCumprod() {
        return map(i -> StrictMath.sqrt(1 / alphasCumprod[i] - 1));
    }

    /** The variance of q(x_{t−1} | x_t, x_0): β (1 − ᾱ_{t−1}) / (1 − ᾱ_t); 0 at step 0. */
    public double[] posteriorVariance() {
        return posteriorVariance.clone();
    }

    /**
     * The logarithm of {@link #posteriorVariance}, step 0 taking the value of step 1, since its own variance is 0. Where there is
     * no step 1 it takes ln β, the upper bound of the learned range: nothing is drawn at step 0, so no sample depends on it.
     */
    public double[] posteriorLogVarianceClipped() {
        if (steps() == 1) {
            return logBetas();
        }
        return map(i -> StrictMath.log(posteriorVariance[Math.max(i, 1)]));
    }

    /** The weight of x_0 in the mean of q(x_{t−1} | x_t, x_0): β √ᾱ_{t−1} / (1 − ᾱ_t). */
    public double[] posteriorMeanCoef1() {
        return map(i -> betas[i] * StrictMath.sqrt(alphasCumprodPrev[i]) / (1 - alphasCumprod[i]));
    }

    /** The weight of x_t in the mean of q(x_{t−1} | x_t, x_0): (1 − ᾱ_{t−1}) √(1 − β) / (1 − ᾱ_t). */
    public double[] posteriorMeanCoef2() {
        return map(i -> (1 - alphasCumprodPrev[i]) * StrictMath.sqrt(1 - betas[i]) / (1 - alphasCumprod[i]));
    }

    /** ln β, the upper bound of the learned range of variances. */
    public double[] logBetas() {
        return map(i -> StrictMath.log(betas[i]));
    }

    /**
     * β, but at step 0 the posterior variance of step 1, which makes the discrete image likelier. Where there is no step 1, β
     * throughout.
     */
    public double[] fixedLargeVariance() {
        return map(i -> i == 0 && steps() > 1 ? posteriorVariance[1] : betas[i]);
    }

    /** The logarithm of {@link #fixedLargeVariance}. */
    public double[] fixedLargeLogVariance() {
        double[] variance = fixedLargeVariance();
        return map(i -> StrictMath.log(variance[i]));
    }

    private double[] map(IntToDoubleFunction formula) {
        double[] values = new double[betas.length];
        Arrays.setAll(values, formula);
        return values;
    }

    private static double squaredCosineAlphaBar(double t) {
        double cosine = StrictMath.cos((t + COSINE_OFFSET) / (1 + COSINE_OFFSET) * Math.PI / 2);
        return cosine * cosine;
    }

    private static void requirePositive(int steps) {
        if (steps < 1) {
            throw new IllegalArgumentException("A noise schedule of " + steps + " steps: expected at least 1");
        }
    }
}
