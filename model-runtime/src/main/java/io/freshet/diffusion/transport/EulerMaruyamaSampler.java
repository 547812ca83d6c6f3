package io.freshet.diffusion.transport;

import io.freshet.diffusion.Sampler;

/** {@link SdeMethod#EULER_MARUYAMA}, and the last step. */
final class EulerMaruyamaSampler implements Sampler {
    private final int steps;
    private final float step;
    private final double[] times;
    private final float[] latentWeight;
    private final float[] outputWeight;
    private final float[] noiseScale;

    EulerMaruyamaSampler(SdeTerms terms) {
        this.steps = terms.steps();
        this.step = (float) terms.step();
        int evaluations = steps + (terms.hasLastStep() ? 1 : 0);
        this.times = new double[evaluations];
        this.latentWeight = new float[evaluations];
        this.outputWeight = new float[evaluations];
        this.noiseScale = new float[steps];
        for (int k = 0; k < evaluations; k++) {
            times[k] = terms.time(k);
            Combination weights = k < steps ? terms.drift(times[k]) : terms.lastStep();
            latentWeight[k] = (float) weights.latent();
            outputWeight[k] = (float) weights.output();
            if (k < steps) {
                noiseScale[k] = terms.noiseScale(times[k]);
            }
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
        return 0;
    }

    @Override
    public boolean drawsNoise(int k) {
        return k < steps && noiseScale[k] != 0;
    }

    @Override
    public void advance(int k, float[] latent, float[][] history, float[] output, int offset, float[] noise) {
        boolean noisy = drawsNoise(k);
        for (int e = 0; e < latent.length; e++) {
            float combined = latentWeight[k] * latent[e] + outputWeight[k] * output[offset + e];
            float next = k < steps ? latent[e] + step * combined : combined;
            latent[e] = noisy ? next + noiseScale[k] * noise[e] : next;
        }
    }
}
