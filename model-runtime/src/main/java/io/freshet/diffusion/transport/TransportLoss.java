package io.freshet.diffusion.transport;

/**
 * What a network is trained on along a path: the mean square of a residual that is a combination of its output, the noise and the
 * data (SiT, arXiv 2401.08740, section 2.2).
 *
 * @param transport path and target
 * @param weight how errors at different times count; {@link LossWeight#NONE} for velocity, whose loss has no other
 */
public record TransportLoss(Transport transport, LossWeight weight) {
    public TransportLoss {
        if (transport.target() == Target.VELOCITY && weight != LossWeight.NONE) {
            throw new IllegalArgumentException(
                    "loss weight is " + weight
                            + ": the loss of a network that predicts velocity has none; use NONE, or predict noise or the score");
        }
    }

    /**
     * The loss at a time, as plain numbers: a trainer draws t and x_0, shows the network {@code x_t} and t, and descends the mean of
     * {@link AtTime#lossWeight} · residual².
     *
     * @param t time, within {@link Transport#trainingInterval}
     * @throws IllegalArgumentException if the loss is not finite there
     */
    public AtTime at(double t) {
        Interpolant path = transport.path();
        double alpha = path.alpha(t);
        double sigma = path.sigma(t);
        double weightAt = weight.at(path, t);
        AtTime loss = switch (transport.target()) {
            case VELOCITY -> new AtTime(alpha, sigma, 1, -path.sigmaRate(t), -path.alphaRate(t), weightAt);
            case NOISE -> new AtTime(alpha, sigma, 1, -1, 0, weightAt);
            case SCORE -> new AtTime(alpha, sigma, sigma, 1, 0, weightAt);
        };
        if (!loss.isFinite()) {
            Interval times = transport.trainingInterval();
            throw new IllegalArgumentException("The loss of " + transport.target() + " along " + path + " with weight "
                    + weight + " is not finite at t = " + t + ": draw times from " + times.start() + " to "
                    + times.end() + ", or give a training epsilon above " + transport.trainingEpsilon());
        }
        return loss;
    }

    /**
     * The loss at one time. The residual is σ s + ε where the score s is predicted, and otherwise output minus target.
     *
     * @param alpha weight of the data in x_t
     * @param sigma weight of the noise in x_t
     * @param output weight of the network's output in the residual
     * @param noise weight of the noise x_0 in the residual
     * @param data weight of the data x_1 in the residual
     * @param lossWeight weight of the squared residual
     */
    public record AtTime(double alpha, double sigma, double output, double noise, double data, double lossWeight) {
        /** x_t = α x_1 + σ x_0, what the network is shown. */
        public float[] pathPoint(float[] x0, float[] x1) {
            float[] point = new float[x0.length];
            for (int k = 0; k < point.length; k++) {
                point[k] = (float) alpha * x1[k] + (float) sigma * x0[k];
            }
            return point;
        }

        /** The weighted mean square of the residual of one sample. */
        public double loss(float[] prediction, float[] x0, float[] x1) {
            double sum = 0;
            for (int k = 0; k < x0.length; k++) {
                double residual = output * prediction[k] + noise * x0[k] + data * x1[k];
                sum += residual * residual;
            }
            return lossWeight * sum / x0.length;
        }

        private boolean isFinite() {
            return Double.isFinite(alpha + sigma + output + noise + data + lossWeight);
        }
    }
}
