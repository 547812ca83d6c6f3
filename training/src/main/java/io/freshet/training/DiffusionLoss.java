package io.freshet.training;

import io.freshet.diffusion.NoiseSchedule;
import io.freshet.script.Graph;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.List;
import java.util.function.BiFunction;

/**
 * The loss of "Improved Denoising Diffusion Probabilistic Models" (Nichol and Dhariwal 2021, equation 16) as a graph: mean squared
 * error of the noise, plus the variational bound that trains the variance alone, unscaled, as in DiT and U-DiT.
 *
 * <p>Legend: B rows, C channels, S side.
 */
final class DiffusionLoss {
    /** Name of the table of schedule values, [T, 8], among the module's constants. */
    static final String TABLE = "schedule";

    private static final double LOG_2 = Math.log(2);
    private static final double LOG_FLOOR = 1e-12;
    private static final double HALF_BIN = 1.0 / 255;
    private static final double EDGE = 0.999;

    /** Columns of the table. */
    private enum Column {
        SQRT_ALPHAS_CUMPROD,
        SQRT_ONE_MINUS_ALPHAS_CUMPROD,
        SQRT_RECIP_ALPHAS_CUMPROD,
        SQRT_RECIPM1_ALPHAS_CUMPROD,
        POSTERIOR_MEAN_COEF1,
        POSTERIOR_MEAN_COEF2,
        POSTERIOR_LOG_VARIANCE,
        LOG_BETA
    }

    private final Graph g;
    private final int channels;

    DiffusionLoss(Graph g, int channels) {
        this.g = g;
        this.channels = channels;
    }

    /** The schedule as the graph reads it, float32 [T, 8]. */
    static Tensor table(NoiseSchedule schedule) {
        double[][] columns = {
            schedule.sqrtAlphasCumprod(),
            schedule.sqrtOneMinusAlphasCumprod(),
            schedule.sqrtRecipAlphasCumprod(),
            schedule.sqrtRecipm1AlphasCumprod(),
            schedule.posteriorMeanCoef1(),
            schedule.posteriorMeanCoef2(),
            schedule.posteriorLogVarianceClipped(),
            schedule.logBetas()
        };
        float[] table = new float[schedule.steps() * columns.length];
        for (int t = 0; t < schedule.steps(); t++) {
            for (int column = 0; column < columns.length; column++) {
                table[t * columns.length + column] = (float) columns[column][t];
            }
        }
        return Tensor.of(table, schedule.steps(), columns.length);
    }

    /** Means over the batch, scalars: what is minimised, and its two parts. */
    record Terms(Value loss, Value meanSquaredError, Value variationalBound) {}

    /**
     * Emits the loss.
     *
     * @param start x_0, [B, C, S, S]
     * @param noise [B, C, S, S] standard normal
     * @param t [B] int64 timesteps
     * @param network from (x_t, float t) to [B, 2C, S, S]
     */
    Terms emit(Value start, Value noise, Value t, BiFunction<Value, Value, Value> network) {
        Value row = g.op("torch.index_select", g.parameter(TABLE), 0, t); // [B, 8]
        Value noisy = g.add(
                g.mul(column(row, Column.SQRT_ALPHAS_CUMPROD), start),
                g.mul(column(row, Column.SQRT_ONE_MINUS_ALPHAS_CUMPROD), noise));
        Value out = network.apply(noisy, g.emit("torch.to(" + t + ", 6)")); // 6 is float32
        Value predicted = g.narrow(out, 1, 0, channels);
        Value interpolation = g.narrow(out, 1, channels, channels);
        Value error = g.sub(noise, predicted);
        Value squared = g.op("torch.mean", g.mul(error, error));
        Value bound = variationalBound(row, start, noisy, t, g.op("torch.detach", predicted), interpolation);
        return new Terms(g.add(squared, bound), squared, bound);
    }

    /** Bits per dimension of L_t, or of the discretised likelihood where t is 0; the noise prediction gets no gradient. */
    private Value variationalBound(Value row, Value start, Value noisy, Value t, Value predicted, Value interpolation) {
        Value low = column(row, Column.POSTERIOR_LOG_VARIANCE);
        Value high = column(row, Column.LOG_BETA);
        Value fraction = g.mul(g.add(interpolation, 1), 0.5);
        Value logVariance = g.add(g.mul(fraction, high), g.mul(g.emit("torch.rsub(" + fraction + ", 1)"), low));
        Value predictedStart = g.sub(
                g.mul(column(row, Column.SQRT_RECIP_ALPHAS_CUMPROD), noisy),
                g.mul(column(row, Column.SQRT_RECIPM1_ALPHAS_CUMPROD), predicted));
        Value trueMean = posteriorMean(row, start, noisy);
        Value mean = posteriorMean(row, predictedStart, noisy);
        Value kl = perRow(normalKl(trueMean, low, mean, logVariance));
        Value likelihood = perRow(g.op("torch.neg", discretizedLogLikelihood(start, mean, logVariance)));
        return g.op("torch.mean", g.op("torch.where", g.op("torch.eq", t, 0), likelihood, kl));
    }

    private Value posteriorMean(Value row, Value start, Value noisy) {
        return g.add(
                g.mul(column(row, Column.POSTERIOR_MEAN_COEF1), start),
                g.mul(column(row, Column.POSTERIOR_MEAN_COEF2), noisy));
    }

    /** KL(N(m1, e^l1) || N(m2, e^l2)), elementwise. */
    private Value normalKl(Value m1, Value l1, Value m2, Value l2) {
        Value difference = g.sub(m1, m2);
        Value sum = g.add(g.sub(l2, l1), -1);
        sum = g.add(sum, g.op("torch.exp", g.sub(l1, l2)));
        sum = g.add(sum, g.mul(g.mul(difference, difference), g.op("torch.exp", g.op("torch.neg", l2))));
        return g.mul(sum, 0.5);
    }

    /** Log-probability of the 8-bit bin that x falls in, elementwise; the outermost bins reach to infinity. */
    private Value discretizedLogLikelihood(Value x, Value mean, Value logVariance) {
        Value centered = g.sub(x, mean);
        Value inverseDeviation = g.op("torch.exp", g.mul(logVariance, -0.5));
        Value upper = normalCdf(g.mul(inverseDeviation, g.add(centered, HALF_BIN)));
        Value lower = normalCdf(g.mul(inverseDeviation, g.add(centered, -HALF_BIN)));
        Value middle = flooredLog(g.sub(upper, lower));
        Value top = flooredLog(g.emit("torch.rsub(" + lower + ", 1)"));
        Value inner = g.op("torch.where", g.op("torch.gt", x, EDGE), top, middle);
        return g.op("torch.where", g.op("torch.lt", x, -EDGE), flooredLog(upper), inner);
    }

    /** The tanh approximation that the original uses. */
    private Value normalCdf(Value x) {
        Value cube = g.mul(g.mul(g.mul(x, x), x), 0.044715);
        Value tanh = g.op("torch.tanh", g.mul(g.add(x, cube), Math.sqrt(2 / Math.PI)));
        return g.mul(g.add(tanh, 1), 0.5);
    }

    private Value flooredLog(Value x) {
        return g.op("torch.log", g.op("torch.clamp_min", x, LOG_FLOOR));
    }

    /** Mean over all but the batch, in bits; [B]. */
    private Value perRow(Value x) {
        return g.mul(g.op("torch.mean", x, List.of(1, 2, 3)), 1 / LOG_2);
    }

    /** One schedule value per row, [B, 1, 1, 1]. */
    private Value column(Value row, Column column) {
        return g.reshape(g.narrow(row, 1, column.ordinal(), 1), -1, 1, 1, 1);
    }
}
