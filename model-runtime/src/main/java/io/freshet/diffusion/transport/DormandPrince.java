package io.freshet.diffusion.transport;

/**
 * The adaptive Runge-Kutta method of order 5(4) of Dormand and Prince (Hairer, Nørsett and Wanner, "Solving Ordinary Differential
 * Equations I", table II.5.2 and section II.4), in float64: a reference to measure other samplers by. It is not for the engine, for
 * how often it evaluates the network depends on the sample, and neighbours in a batch would share their steps.
 *
 * @param absoluteTolerance error of a step that is always allowed, above 0
 * @param relativeTolerance error of a step that is allowed relative to the state, from 0
 */
public record DormandPrince(double absoluteTolerance, double relativeTolerance) {
    private static final double[] NODES = {0, 1 / 5.0, 3 / 10.0, 4 / 5.0, 8 / 9.0, 1, 1};
    private static final double[][] ROWS = {
        {},
        {1 / 5.0},
        {3 / 40.0, 9 / 40.0},
        {44 / 45.0, -56 / 15.0, 32 / 9.0},
        {19372 / 6561.0, -25360 / 2187.0, 64448 / 6561.0, -212 / 729.0},
        {9017 / 3168.0, -355 / 33.0, 46732 / 5247.0, 49 / 176.0, -5103 / 18656.0},
        {35 / 384.0, 0, 500 / 1113.0, 125 / 192.0, -2187 / 6784.0, 11 / 84.0}
    };
    /** Fifth-order minus fourth-order weights. */
    private static final double[] ERROR = {
        35 / 384.0 - 5179 / 57600.0,
        0,
        500 / 1113.0 - 7571 / 16695.0,
        125 / 192.0 - 393 / 640.0,
        -2187 / 6784.0 + 92097 / 339200.0,
        11 / 84.0 - 187 / 2100.0,
        -1 / 40.0
    };

    private static final double SAFETY = 0.9;
    private static final double SMALLEST_FACTOR = 0.2;
    private static final double LARGEST_FACTOR = 10;
    private static final double FIRST_STEP = 1e-3;

    public DormandPrince {
        if (!(absoluteTolerance > 0 && relativeTolerance >= 0)) {
            throw new IllegalArgumentException("tolerances are " + absoluteTolerance + " and " + relativeTolerance
                    + ": expected an absolute one above 0 and a relative one from 0");
        }
    }

    /** The right-hand side of dy/dt = f(t, y). */
    @FunctionalInterface
    public interface Field {
        /**
         * Evaluates it.
         *
         * @param y state; not to be changed
         * @param slope gets f(t, y)
         */
        void evaluate(double t, double[] y, double[] slope);
    }

    /**
     * Integrates from the first of some times through all others, each of which ends a step.
     *
     * @param start state at the first time
     * @param times monotonic, either way
     * @return the states at the times
     * @throws ArithmeticException if the step gets too small to change the time: the field is singular, or the tolerances are
     *     below what float64 can hold
     */
    public double[][] integrate(Field field, double[] start, double... times) {
        double[][] states = new double[times.length][];
        states[0] = start.clone();
        double step = FIRST_STEP;
        for (int i = 1; i < times.length; i++) {
            states[i] = states[i - 1].clone();
            step = between(field, states[i], times[i - 1], times[i], step);
        }
        return states;
    }

    /** Takes a state from one time to another, in place; gives the length of step that would come next. */
    private double between(Field field, double[] y, double from, double to, double firstStep) {
        double[][] slopes = new double[NODES.length][y.length];
        double[] next = new double[y.length];
        double direction = Math.signum(to - from);
        double step = firstStep;
        double t = from;
        while (t != to) {
            double left = Math.abs(to - t);
            boolean last = step >= left;
            double taken = direction * Math.min(step, left);
            if (t + taken == t) {
                throw new ArithmeticException("The step underflows at t = " + t
                        + ": the field is singular there, or the tolerances " + absoluteTolerance + " and "
                        + relativeTolerance + " are too small");
            }
            double error = attempt(field, y, t, taken, slopes, next);
            if (error <= 1) {
                System.arraycopy(next, 0, y, 0, y.length);
                t = last ? to : t + taken;
            }
            if (error > 1 || Double.isNaN(error) || !last) {
                step = Math.abs(taken) * factor(error);
            }
        }
        return step;
    }

    /** One step; gives its error in units of the tolerance. */
    private double attempt(Field field, double[] y, double t, double step, double[][] slopes, double[] next) {
        for (int stage = 0; stage < NODES.length; stage++) {
            for (int e = 0; e < y.length; e++) {
                next[e] = y[e] + step * combine(ROWS[stage], slopes, e);
            }
            field.evaluate(t + NODES[stage] * step, next, slopes[stage]);
        }
        double sum = 0;
        for (int e = 0; e < y.length; e++) {
            double scale = absoluteTolerance + relativeTolerance * Math.max(Math.abs(y[e]), Math.abs(next[e]));
            double error = step * combine(ERROR, slopes, e) / scale;
            sum += error * error;
        }
        return Math.sqrt(sum / y.length);
    }

    private static double combine(double[] weights, double[][] slopes, int e) {
        double sum = 0;
        for (int j = 0; j < weights.length; j++) {
            sum += weights[j] * slopes[j][e];
        }
        return sum;
    }

    private static double factor(double error) {
        if (!Double.isFinite(error)) {
            return SMALLEST_FACTOR;
        }
        double factor = SAFETY * Math.pow(error, -1 / 5.0); // infinite where there is no error at all
        return Math.max(SMALLEST_FACTOR, Math.min(LARGEST_FACTOR, factor));
    }
}
