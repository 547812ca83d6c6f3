package io.freshet.diffusion.transport;

/**
 * Explicit Runge-Kutta methods of fixed step (Hairer, Nørsett and Wanner, "Solving Ordinary Differential Equations I", section
 * II.1). From a state y, stage i is evaluated at y + h Σ_j a_ij k_j, and the step ends at y + h Σ_j b_j k_j.
 */
public enum OdeMethod {
    /** Order 1, one evaluation a step. */
    EULER(1, new double[] {1}),
    /** Order 2, two evaluations: the mean of the slopes at both ends. */
    HEUN2(2, new double[] {1}, new double[] {1 / 2.0, 1 / 2.0}),
    /** Order 2, two evaluations: the slope in the middle. */
    MIDPOINT(2, new double[] {1 / 2.0}, new double[] {0, 1}),
    /** Order 3, three evaluations. */
    HEUN3(3, new double[] {1 / 3.0}, new double[] {0, 2 / 3.0}, new double[] {1 / 4.0, 0, 3 / 4.0}),
    /** Order 4, four evaluations: Kutta's 3/8 rule, as torchdiffeq has it under this name. */
    RK4(4, new double[] {1 / 3.0}, new double[] {-1 / 3.0, 1}, new double[] {1, -1, 1}, new double[] {
        1 / 8.0, 3 / 8.0, 3 / 8.0, 1 / 8.0
    });

    private final int order;
    private final double[][] rows;

    OdeMethod(int order, double[]... rows) {
        this.order = order;
        this.rows = rows;
    }

    /** By which power of the step the error falls. */
    public int order() {
        return order;
    }

    /** Evaluations of the network a step. */
    public int stages() {
        return rows.length;
    }

    /** How far into the step a stage lies, from 0 to 1. */
    double node(int stage) {
        double sum = 0;
        for (int j = 0; j < stage; j++) {
            sum += rows[stage - 1][j];
        }
        return sum;
    }

    /** The weight of slope j in what follows once the slope of a stage is known: the next stage's point, or the step's end. */
    float weight(int stage, int j) {
        return (float) rows[stage][j];
    }

    /** Whether the slope of a stage is needed after the next stage's point is made. */
    boolean keepsSlope(int stage) {
        for (int later = stage + 1; later < rows.length; later++) {
            if (rows[later][stage] != 0) {
                return true;
            }
        }
        return false;
    }
}
