package io.freshet.training.data;

/**
 * The ten outlines of {@link ShapesDataset}, each a test of whether a point lies inside. Coordinates: the shape fills about
 * [-1, 1] in both directions, x to the right, y downwards.
 *
 * <p>Only addition, multiplication and comparison: the same bits on every JVM.
 */
enum Silhouette {
    CIRCLE {
        @Override
        boolean contains(double x, double y) {
            return x * x + y * y <= 0.92;
        }
    },
    RING {
        @Override
        boolean contains(double x, double y) {
            double r2 = x * x + y * y;
            return r2 <= 1.0 && r2 >= 0.30;
        }
    },
    SQUARE {
        @Override
        boolean contains(double x, double y) {
            return Math.abs(x) <= 0.83 && Math.abs(y) <= 0.83;
        }
    },
    DIAMOND {
        @Override
        boolean contains(double x, double y) {
            return Math.abs(x) * 1.18 + Math.abs(y) * 0.90 <= 1.0;
        }
    },
    TRIANGLE {
        @Override
        boolean contains(double x, double y) {
            return y <= 0.80 && Math.abs(x) <= (y + 1.0) * 0.58;
        }
    },
    CROSS {
        @Override
        boolean contains(double x, double y) {
            double ax = Math.abs(x);
            double ay = Math.abs(y);
            return Math.max(ax, ay) <= 1.0 && Math.min(ax, ay) <= 0.37;
        }
    },
    /** A pentagram: the points that lie beyond at most one of the five lines through its edges. */
    STAR {
        @Override
        boolean contains(double x, double y) {
            int beyond = 0;
            for (int k = 0; k < 5; k++) {
                if (TIP_X[k] * x + TIP_Y[k] * y > 0.41) {
                    beyond++;
                }
            }
            return beyond <= 1;
        }
    },
    CRESCENT {
        @Override
        boolean contains(double x, double y) {
            double dx = x - 0.54;
            return x * x + y * y <= 1.0 && dx * dx + y * y >= 0.58;
        }
    },
    /** The sextic (x² + y² - 1)³ ≤ x² y³, moved and scaled to fill the square. */
    HEART {
        @Override
        boolean contains(double x, double y) {
            double u = 1.16 * x;
            double v = 0.16 - 1.16 * y;
            double d = u * u + v * v - 1.0;
            return d * d * d <= u * u * v * v * v;
        }
    },
    STRIPES {
        @Override
        boolean contains(double x, double y) {
            double ay = Math.abs(y);
            return Math.abs(x) <= 0.95 && (ay <= 0.21 || (ay >= 0.54 && ay <= 0.95));
        }
    };

    /** Directions of the star's tips, (sin, -cos) of 72° k. */
    private static final double[] TIP_X = {
        0.0, 0.9510565162951535, 0.5877852522924731, -0.5877852522924731, -0.9510565162951535
    };

    private static final double[] TIP_Y = {
        -1.0, -0.3090169943749474, 0.8090169943749475, 0.8090169943749475, -0.3090169943749474
    };

    abstract boolean contains(double x, double y);
}
