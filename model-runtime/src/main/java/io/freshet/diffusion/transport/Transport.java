package io.freshet.diffusion.transport;

/**
 * A path, what the network predicts along it, and how far training and sampling keep away from the ends at which that prediction
 * says nothing. Immutable.
 *
 * <p>SiT's code disregards epsilons that are given for velocity along {@link Interpolant#LINEAR} and {@link Interpolant#GVP}; here
 * they count where an interval has them, so that diffusion of the form {@link DiffusionForm#SBDM} is of use there too.
 *
 * @param path the interpolant
 * @param target what the network predicts
 * @param trainingEpsilon distance that training times keep, in [0, 0.5)
 * @param samplingEpsilon distance that samplers keep, in [0, 0.5)
 */
public record Transport(Interpolant path, Target target, double trainingEpsilon, double samplingEpsilon) {
    private static final double SMALL = 1e-3;
    private static final double TINY = 1e-5;

    public Transport {
        requireEpsilon("training", trainingEpsilon);
        requireEpsilon("sampling", samplingEpsilon);
    }

    /** With SiT's default epsilons: none for velocity along a path that is smooth at its ends. */
    public static Transport of(Interpolant path, Target target) {
        if (path == Interpolant.VP) {
            return new Transport(path, target, TINY, SMALL);
        }
        double epsilon = target == Target.VELOCITY ? 0 : SMALL;
        return new Transport(path, target, epsilon, epsilon);
    }

    /** The times that training draws from, uniformly. */
    public Interval trainingInterval() {
        return flow(trainingEpsilon);
    }

    /** The times of the probability flow from noise to data. */
    public Interval odeInterval() {
        return flow(samplingEpsilon);
    }

    /**
     * The times of the probability flow from data to noise. Along {@link Interpolant#VP} it begins at 1 exactly and keeps its
     * distance from 0, as in SiT's code, although the path is singular at 1: a network that predicts noise needs an interval of its
     * own.
     */
    public Interval reverseOdeInterval() {
        return odeInterval().mirrored();
    }

    /**
     * The times of the stochastic process from noise to data, the last step left out.
     *
     * @param form of the diffusion
     * @param lastStepSize how much of the time the last step takes; 0 without one
     */
    public Interval sdeInterval(DiffusionForm form, double lastStepSize) {
        double end = 1 - (lastStepSize == 0 ? samplingEpsilon : lastStepSize);
        boolean singular = path != Interpolant.VP && (form == DiffusionForm.SBDM || target != Target.VELOCITY);
        return new Interval(singular ? samplingEpsilon : 0, end);
    }

    private Interval flow(double epsilon) {
        if (path == Interpolant.VP) {
            return new Interval(0, 1 - epsilon);
        }
        return target == Target.VELOCITY ? new Interval(0, 1) : new Interval(epsilon, 1 - epsilon);
    }

    private static void requireEpsilon(String which, double epsilon) {
        if (!(epsilon >= 0 && epsilon < 0.5)) {
            throw new IllegalArgumentException(
                    which + " epsilon is " + epsilon + ": expected a number from 0 to less than 0.5");
        }
    }
}
