package io.freshet.diffusion;

/**
 * A schedule that visits only some steps of the training schedule and has the same ᾱ there. Step i of {@link #schedule} is what
 * the network knows as {@link #timestep timestep(i)}. Immutable.
 */
public final class RespacedSchedule {
    private final NoiseSchedule schedule;
    private final int[] timestepMap;

    private RespacedSchedule(NoiseSchedule schedule, int[] timestepMap) {
        this.schedule = schedule;
        this.timestepMap = timestepMap;
    }

    /**
     * Keeps some steps of a schedule: β'_i = 1 − ᾱ_{s_i} / ᾱ_{s_{i−1}}.
     *
     * @param training the schedule the network was trained with
     * @param timesteps its steps to keep, strictly ascending, at least one; see {@link Respacing}
     */
    public static RespacedSchedule of(NoiseSchedule training, int[] timesteps) {
        double[] alphasCumprod = training.alphasCumprod();
        double[] betas = new double[timesteps.length];
        double last = 1;
        for (int i = 0; i < timesteps.length; i++) {
            int timestep = timesteps[i];
            if (timestep < 0 || timestep >= training.steps() || (i > 0 && timestep <= timesteps[i - 1])) {
                throw new IllegalArgumentException("Timestep " + i + " of a respacing is " + timestep
                        + ": expected ascending steps from 0 to " + (training.steps() - 1));
            }
            betas[i] = 1 - alphasCumprod[timestep] / last;
            last = alphasCumprod[timestep];
        }
        return new RespacedSchedule(NoiseSchedule.ofBetas(betas), timesteps.clone());
    }

    /** Keeps the steps that a notation of {@link Respacing} selects. */
    public static RespacedSchedule of(NoiseSchedule training, String notation) {
        return of(training, Respacing.timesteps(training.steps(), notation));
    }

    /** The schedule over the kept steps. */
    public NoiseSchedule schedule() {
        return schedule;
    }

    /** Number of steps kept. */
    public int steps() {
        return timestepMap.length;
    }

    /** The training schedule's index of kept step i: the time that the network is told. */
    public int timestep(int i) {
        return timestepMap[i];
    }

    /** All of {@link #timestep}, in a copy. */
    public int[] timestepMap() {
        return timestepMap.clone();
    }
}
