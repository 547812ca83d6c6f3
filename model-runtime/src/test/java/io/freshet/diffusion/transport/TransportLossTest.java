package io.freshet.diffusion.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TransportLossTest {
    private static final float[] NOISE = {0.3f, -1.2f, 0.7f, 2f};
    private static final float[] DATA = {-0.9f, -0.1f, 0.4f, 0.8f};
    private static final double[] TIMES = {0.05, 0.4, 0.9};

    @Test
    void isZeroForThePredictionThatIsRight() {
        for (Interpolant path : Interpolant.values()) {
            for (Target target : Target.values()) {
                TransportLoss loss = new TransportLoss(Transport.of(path, target), LossWeight.NONE);
                for (double t : TIMES) {
                    float[] right = new float[NOISE.length];
                    for (int e = 0; e < right.length; e++) {
                        right[e] = (float)
                                switch (target) {
                                    case VELOCITY -> path.alphaRate(t) * DATA[e] + path.sigmaRate(t) * NOISE[e];
                                    case NOISE -> NOISE[e];
                                    case SCORE -> -NOISE[e] / path.sigma(t);
                                };
                    }
                    assertThat(loss.at(t).loss(right, NOISE, DATA))
                            .as("%s along %s at %s", target, path, t)
                            .isCloseTo(0, within(1e-12));
                }
            }
        }
    }

    @Test
    void weightedByVelocityIsTheLossOfTheVelocityThatFollows() {
        float[] prediction = {0.1f, -0.5f, 1f, 0.2f};
        for (Interpolant path : Interpolant.values()) {
            for (double t : TIMES) {
                TransportLoss.AtTime noise =
                        new TransportLoss(Transport.of(path, Target.NOISE), LossWeight.VELOCITY).at(t);
                TransportLoss.AtTime velocity =
                        new TransportLoss(Transport.of(path, Target.VELOCITY), LossWeight.NONE).at(t);
                float[] point = noise.pathPoint(NOISE, DATA);
                float[] implied = new float[point.length];
                for (int e = 0; e < implied.length; e++) {
                    implied[e] = (float) Target.NOISE.velocity(path, t).of(point[e], prediction[e]);
                }
                double expected = velocity.loss(implied, NOISE, DATA);
                assertThat(noise.loss(prediction, NOISE, DATA)).isCloseTo(expected, within(1e-4 * expected));
            }
        }
    }

    @Test
    void refusesAWeightForVelocity() {
        Transport transport = Transport.of(Interpolant.LINEAR, Target.VELOCITY);
        assertThatThrownBy(() -> new TransportLoss(transport, LossWeight.LIKELIHOOD))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "loss weight is LIKELIHOOD: the loss of a network that predicts velocity has none");
    }

    @Test
    void refusesTimesAtWhichItIsNotFinite() {
        TransportLoss loss = new TransportLoss(Transport.of(Interpolant.LINEAR, Target.NOISE), LossWeight.LIKELIHOOD);
        assertThat(loss.at(loss.transport().trainingInterval().end()).lossWeight())
                .isPositive();
        assertThatThrownBy(() -> loss.at(1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "The loss of NOISE along LINEAR with weight LIKELIHOOD is not finite at t = 1.0: draw times from"
                                + " 0.001 to 0.999, or give a training epsilon above 0.001");
    }
}
