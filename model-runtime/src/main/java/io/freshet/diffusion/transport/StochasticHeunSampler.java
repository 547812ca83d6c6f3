package io.freshet.diffusion.transport;

import io.freshet.diffusion.Sampler;

/**
 * {@link SdeMethod#HEUN}, and the last step. The noise of a step is added before its first evaluation: that of step 0 at the start,
 * the others' as the step before ends. History: the noisy point x̂, and the slope there.
 */
final class StochasticHeunSampler implements Sampler {
    private static final int STAGES = 2;

    private final int steps;
    private final float step;
    private final float halfStep;
    private final double[] times;
    private final float[] latentWeight;
    private final float[] outputWeight;
    private final float[] noiseScale;

    StochasticHeunSampler(SdeTerms terms) {
        this.steps = terms.steps();
        this.step = (float) terms.step();
        this.halfStep = (float) (0.5 * terms.step());
        int evaluations = STAGES * steps + (terms.hasLastStep() ? 1 : 0);
        this.times = new double[evaluations];
        this.latentWeight = new float[evaluations];
        this.outputWeight = new float[evaluations];
        this.noiseScale = new float[steps];
        for (int k = 0; k < evaluations; k++) {
            times[k] = terms.time(k / STAGES + k % STAGES);
            Combination weights = k < STAGES * steps ? terms.drift(times[k]) : terms.lastStep();
            latentWeight[k] = (float) weights.latent();
            outputWeight[k] = (float) weights.output();
        }
        for (int i = 0; i < steps; i++) {
            noiseScale[i] = terms.noiseScale(terms.time(i));
        }
    }

    @Override
    public int evaluations() {
        return times.length;
    }

    @Override
    public double time(int k) {
        return times[k];
    }

    @Override
    public int historyLength() {
        return 2;
    }

    @Override
    public boolean drawsNoiseAtStart() {
        return noiseScale[0] != 0;
    }

    @Override
    public void start(float[] latent, float[] noise) {
        addNoise(0, latent, noise);
    }

    /** At the second evaluation of every step but the last, for the step that follows. */
    @Override
    public boolean drawsNoise(int k) {
        int next = (k + 1) / STAGES;
        return k % STAGES == 1 && next < steps && noiseScale[next] != 0;
    }

    @Override
    public void advance(int k, float[] latent, float[][] history, float[] output, int offset, float[] noise) {
        for (int e = 0; e < latent.length; e++) {
            float combined = latentWeight[k] * latent[e] + outputWeight[k] * output[offset + e];
            if (k == STAGES * steps) {
                latent[e] = combined;
            } else if (k % STAGES == 0) {
                history[0][e] = latent[e];
                history[1][e] = combined;
                latent[e] += step * combined;
            } else {
                latent[e] = history[0][e] + halfStep * (history[1][e] + combined);
            }
        }
        if (drawsNoise(k)) {
            addNoise((k + 1) / STAGES, latent, noise);
        }
    }

    private void addNoise(int i, float[] latent, float[] noise) {
        if (noiseScale[i] != 0) {
            for (int e = 0; e < latent.length; e++) {
                latent[e] += noiseScale[i] * noise[e];
            }
        }
    }
}
