package io.freshet.diffusion.transport;

/**
 * Data of which everything is known: x_1 is normal with mean 0 and a deviation s. Then x_t has the variance V = α² s² + σ², its score
 * is −x/V, its velocity is (V'/2V) x, and the probability flow takes x_0 to x_0 √(V_t/V_0).
 */
record GaussianData(Interpolant path, double deviation) {
    double variance(double t) {
        return Math.pow(path.alpha(t) * deviation, 2) + Math.pow(path.sigma(t), 2);
    }

    double velocity(double x, double t) {
        double halfRate = path.alpha(t) * path.alphaRate(t) * deviation * deviation + path.sigma(t) * path.sigmaRate(t);
        return halfRate / variance(t) * x;
    }

    /** What a perfect network says. */
    double output(Target target, double x, double t) {
        return switch (target) {
            case VELOCITY -> velocity(x, t);
            case SCORE -> -x / variance(t);
            case NOISE -> path.sigma(t) * x / variance(t);
        };
    }

    float[] output(Target target, float[] x, double t) {
        float[] output = new float[x.length];
        for (int e = 0; e < x.length; e++) {
            output[e] = (float) output(target, x[e], t);
        }
        return output;
    }
}
