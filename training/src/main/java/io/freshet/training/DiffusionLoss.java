package io.freshet.training;

import io.freshet.diffusion.NoiseSchedule;
import io.freshet.diffusion.Parameterization.Mean;
import io.freshet.diffusion.Parameterization.Variance;
import io.freshet.diffusion.TrainingObjective;
import io.freshet.script.Graph;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * The losses of "Improved Denoising Diffusion Probabilistic Models" (Nichol and Dhariwal 2021, section 3) as graphs: what
 * {@link TrainingObjective} describes, over any network.
 *
 * <p>Legend: B rows, C channels, S side.
 */
public final class DiffusionLoss {
    /** Name of the table of schedule values, [T, 9], among the module's constants. */
    public static final String TABLE = "schedule";

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
        LOG_BETA,
        LARGE_LOG_VARIANCE
    }

    private final Graph g;
    private final int channels;
    private final int steps;
    private final TrainingObjective objective;

    /**
     * A loss in a graph of a module that holds {@link #table} as {@link #TABLE}.
     *
     * @param channels C
     * @param steps T, of the schedule
     */
    public DiffusionLoss(Graph g, int channels, int steps, TrainingObjective objective) {
        this.g = g;
        this.channels = channels;
        this.steps = steps;
        this.objective = objective;
    }

    /** The schedule as the graph reads it, float32 [T, 9]. */
    public static Tensor table(NoiseSchedule schedule) {
        double[][] columns = {
            schedule.sqrtAlphasCumprod(),
            schedule.sqrtOneMinusAlphasCumprod(),
            schedule.sqrtRecipAlphasCumprod(),
            schedule.sqrtRecipm1AlphasCumprod(),
            schedule.posteriorMeanCoef1(),
            schedule.posteriorMeanCoef2(),
            schedule.posteriorLogVarianceClipped(),
            schedule.logBetas(),
            schedule.fixedLargeLogVariance()
        };
        float[] table = new float[schedule.steps() * columns.length];
        for (int t = 0; t < schedule.steps(); t++) {
            for (int column = 0; column < columns.length; column++) {
                table[t * columns.length + column] = (float) columns[column][t];
            }
        }
        return Tensor.of(table, schedule.steps(), columns.length);
    }

    /**
     * One value for each row, [B].
     *
     * @param loss what is minimised, in the mean over the rows
     * @param meanSquaredError its first part; null where {@link TrainingObjective#hasSquaredError} is false
     * @param variationalBound its second part; null where {@link TrainingObjective#hasVariationalBound} is false
     */
    public record Terms(
            Value loss,
            @Nullable Value meanSquaredError,
            @Nullable Value variationalBound) {}

    /**
     * Emits the loss.
     *
     * @param start x_0, [B, C, S, S]
     * @param noise [B, C, S, S] standard normal
     * @param t [B] int64 steps of the schedule
     * @param network from (x_t, float t) to [B, C, S, S], or [B, 2C, S, S] where the variance is learned
     */
    public Terms emit(Value start, Value noise, Value t, BiFunction<Value, Value, Value> network) {
        Value row = g.op("torch.index_select", g.parameter(TABLE), 0, t); // [B, 9]
        Value noisy = g.add(
                g.mul(column(row, Column.SQRT_ALPHAS_CUMPROD), start),
                g.mul(column(row, Column.SQRT_ONE_MINUS_ALPHAS_CUMPROD), noise));
        Value out = network.apply(noisy, g.emit("torch.to(" + t + ", 6)")); // 6 is float32
        Value estimate = out;
        Value interpolation = null;
        if (objective.parameterization().learnsVariance()) {
            List<Value> halves = g.split(out, 1, List.of((long) channels, (long) channels));
            estimate = halves.get(0);
            interpolation = halves.get(1);
        }
        Value squared = null;
        if (objective.hasSquaredError()) {
            boolean ofStart = objective.parameterization().mean() == Mean.START;
            Value error = g.sub(ofStart ? start : noise, estimate);
            squared = perRow(g.mul(error, error));
            estimate = g.op("torch.detach", estimate); // the bound is to train the variance only
        }
        if (squared != null && !objective.hasVariationalBound()) {
            return new Terms(squared, squared, null);
        }
        Value bound = variationalBound(row, start, noisy, t, estimate, logVariance(row, interpolation));
        bound = g.mul(bound, objective.boundScale(steps));
        return new Terms(squared == null ? bound : g.add(squared, bound), squared, bound);
    }

    private Value logVariance(Value row, @Nullable Value interpolation) {
        Value low = column(row, Column.POSTERIOR_LOG_VARIANCE);
        if (interpolation == null) {
            boolean small = objective.parameterization().variance() == Variance.FIXED_SMALL;
            return small ? low : column(row, Column.LARGE_LOG_VARIANCE);
        }
        Value fraction = g.mul(g.add(interpolation, 1), 0.5);
        Value rest = g.emit("torch.rsub(" + fraction + ", 1)");
        return g.add(g.mul(fraction, column(row, Column.LOG_BETA)), g.mul(rest, low));
    }

    /** Bits per dimension of L_t, or of the discretised likelihood where t is 0, [B]. */
    private Value variationalBound(Value row, Value start, Value noisy, Value t, Value estimate, Value logVariance) {
        Value predictedStart = objective.parameterization().mean() == Mean.START
                ? estimate
                : g.sub(
                        g.mul(column(row, Column.SQRT_RECIP_ALPHAS_CUMPROD), noisy),
                        g.mul(column(row, Column.SQRT_RECIPM1_ALPHAS_CUMPROD), estimate));
        Value trueMean = posteriorMean(row, start, noisy);
        Value mean = posteriorMean(row, predictedStart, noisy);
        Value kl = normalKl(trueMean, column(row, Column.POSTERIOR_LOG_VARIANCE), mean, logVariance);
        Value likelihood = g.op("torch.neg", discretizedLogLikelihood(start, mean, logVariance));
        return g.op("torch.where", g.op("torch.eq", t, 0), bits(likelihood), bits(kl));
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

    /** Mean over all but the batch; [B]. */
    private Value perRow(Value x) {
        return g.op("torch.mean", x, List.of(1, 2, 3));
    }

    /** The same, from nats to bits. */
    private Value bits(Value x) {
        return g.mul(perRow(x), 1 / LOG_2);
    }

    /** One schedule value per row, [B, 1, 1, 1]. */
    private Value column(Value row, Column column) {
        return g.reshape(g.narrow(row, 1, column.ordinal(), 1), -1, 1, 1, 1);
    }
}
