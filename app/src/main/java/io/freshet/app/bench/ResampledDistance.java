package io.freshet.app.bench;

import io.freshet.app.bench.SamplerFigures.Estimate;
import io.freshet.evaluation.Moments;
import io.freshet.evaluation.ReferenceStatistics;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A squared Fréchet distance of some images with what it might have been for others (Efron's bootstrap: the images are drawn again, with
 * repetition). Resampling alone adds to a distance about as much as the finite number of images did, so resampled distances are
 * moved to have the measured one as their mean: they show how far it strays, not how far it is off.
 */
final class ResampledDistance {
    /** Share of resampled values that lies between the ends of an interval. */
    static final double CONFIDENCE = 0.95;

    private static final int RESAMPLES = 400;
    private static final long SEED = 20240505;

    private final double measured;
    private final double[] resampled;

    private ResampledDistance(double measured, double[] resampled) {
        this.measured = measured;
        this.resampled = resampled;
    }

    /**
     * Measures. Equal numbers of images are resampled alike, so that distances of samplers that began with the same noise are compared
     * over the same draws.
     *
     * @param features of each image, at least two
     */
    static ResampledDistance of(List<float[]> features, ReferenceStatistics reference) {
        int n = features.size();
        double measured = distance(features, IntStream.range(0, n).toArray(), reference);
        SplittableRandom random = new SplittableRandom(SEED);
        double[] resampled = new double[RESAMPLES];
        for (int r = 0; r < RESAMPLES; r++) {
            resampled[r] = distance(features, random.ints(n, 0, n).toArray(), reference);
        }
        double excess = Arrays.stream(resampled).average().orElse(measured) - measured;
        for (int r = 0; r < RESAMPLES; r++) {
            resampled[r] -= excess;
        }
        return new ResampledDistance(measured, resampled);
    }

    private static double distance(List<float[]> features, int[] chosen, ReferenceStatistics reference) {
        Moments moments = reference.newMoments();
        for (int index : chosen) {
            moments.add(features.get(index));
        }
        return reference.squaredFrechetDistance(moments);
    }

    /** The distance. */
    Estimate estimate() {
        return estimate(measured, resampled);
    }

    /** How many times another distance it is; of as many images. */
    Estimate ratioTo(ResampledDistance other) {
        double[] ratios = new double[RESAMPLES];
        Arrays.setAll(ratios, r -> resampled[r] / other.resampled[r]);
        return estimate(measured / other.measured, ratios);
    }

    private static Estimate estimate(double value, double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double tail = (1 - CONFIDENCE) / 2;
        int last = sorted.length - 1;
        return new Estimate(value, sorted[(int) Math.floor(tail * last)], sorted[(int) Math.ceil((1 - tail) * last)]);
    }
}
