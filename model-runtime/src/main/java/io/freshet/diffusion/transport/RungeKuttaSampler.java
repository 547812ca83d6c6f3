package io.freshet.diffusion.transport;

import io.freshet.diffusion.Sampler;
import java.util.Arrays;

/** The probability flow dx = v dt in steps of an {@link OdeMethod}. History: the step's first point, then slopes. */
final class RungeKuttaSampler implements Sampler {
    private static final int UNKEPT = -1;

    private final int steps;
    private final int stages;
    private final float step;
    private final double[] times;
    private final float[] latentWeight;
    private final float[] outputWeight;
    /** By stage and slope: weights of the next point. */
    private final float[][] slopeWeight;
    /** By slope: where it lies in the history. */
    private final int[] slot;

    RungeKuttaSampler(Transport transport, OdeMethod method, Interval interval, int steps) {
        this.steps = steps;
        this.stages = method.stages();
        this.step = (float) interval.step(steps);
        this.times = new double[evaluations()];
        this.latentWeight = new float[evaluations()];
        this.outputWeight = new float[evaluations()];
        for (int k = 0; k < times.length; k++) {
            times[k] = time(method.node(k % stages), k / stages, interval);
            Combination velocity = velocity(transport, times[k]);
            latentWeight[k] = (float) velocity.latent();
            outputWeight[k] = (float) velocity.output();
        }
        this.slopeWeight = new float[stages][];
        this.slot = new int[stages];
        int next = 1;
        for (int stage = 0; stage < stages; stage++) {
            slopeWeight[stage] = new float[stage + 1];
            for (int j = 0; j <= stage; j++) {
                slopeWeight[stage][j] = method.weight(stage, j);
            }
            slot[stage] = method.keepsSlope(stage) ? next++ : UNKEPT;
        }
    }

    private double time(double node, int i, Interval interval) {
        return node == 1 ? interval.at(i + 1, steps) : interval.at(i, steps) + node * interval.step(steps);
    }

    private static Combination velocity(Transport transport, double t) {
        Combination velocity = transport.target().velocity(transport.path(), t);
        return velocity.requireFinite(
                "The velocity along " + transport.path() + " that follows from " + transport.target(),
                t,
                "integrate over an interval that keeps away from there, with a sampling epsilon above 0 or of your own");
    }

    @Override
    public int evaluations() {
        return steps * stages;
    }

    @Override
    public double time(int k) {
        return times[k];
    }

    @Override
    public int historyLength() {
        return stages == 1
                ? 0
                : 1 + (int) Arrays.stream(slot).filter(s -> s != UNKEPT).count();
    }

    @Override
    public boolean drawsNoise(int k) {
        return false;
    }

    @Override
    public void advance(int k, float[] latent, float[][] history, float[] output, int offset, float[] noise) {
        int stage = k % stages;
        if (stage == 0 && stages > 1) {
            System.arraycopy(latent, 0, history[0], 0, latent.length);
        }
        float[] first = stages == 1 ? latent : history[0];
        float[] weights = slopeWeight[stage];
        for (int e = 0; e < latent.length; e++) {
            float slope = latentWeight[k] * latent[e] + outputWeight[k] * output[offset + e];
            float sum = weights[stage] * slope;
            for (int j = 0; j < stage; j++) {
                if (weights[j] != 0) {
                    sum += weights[j] * history[slot[j]][e];
                }
            }
            if (slot[stage] != UNKEPT) {
                history[slot[stage]][e] = slope;
            }
            latent[e] = first[e] + step * sum;
        }
    }
}
