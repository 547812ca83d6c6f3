package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.evaluation.Gaussian;
import io.freshet.evaluation.Moments;
import io.freshet.script.TorchDevice;
import java.util.Arrays;
import java.util.Map;

/**
 * Fréchet distances against two references: the original's, which takes the square root of a matrix product, and one by symmetric
 * eigen-decompositions, which is better where a covariance is singular.
 */
final class FrechetRunner implements FixtureRunner {
    private static final double WELL_CONDITIONED = 1e-9;
    private static final double SINGULAR = 1e-7;
    /** References that are no farther apart than that are both good. */
    private static final double AGREEMENT = 1e-12;

    private static final double ORIGINAL = 1e-6;
    /** The original may be so many times as far off as the two references are apart. */
    private static final double DISAGREEMENTS = 3;
    /** Rounding of the sum of traces that a distance is the small rest of. */
    private static final double ROUNDING = 1e-14;

    private static final String RECIPE = "A_i^T A_i / rank + diag(diag_i)";

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        if (fixture.json().has("recipe")) {
            checkRecipe(fixture, checks);
            return;
        }
        for (Map.Entry<String, JsonNode> entry : fixture.json().path("cases").properties()) {
            String name = entry.getKey() + ".";
            Gaussian first = gaussian(fixture, name, 1);
            Gaussian second = gaussian(fixture, name, 2);
            check(fixture, name, entry.getValue(), first, second, checks);
            double distance = first.squaredFrechetDistance(second);
            double scale = first.trace() + second.trace() + Math.abs(distance);
            double asymmetry = Math.abs(distance - second.squaredFrechetDistance(first));
            checks.measured(name + "the other way round", ratio(asymmetry, scale), 1e-11);
        }
    }

    private static Gaussian gaussian(Fixture fixture, String name, int side) {
        if (fixture.has(name + "mu" + side)) {
            return new Gaussian(
                    Numbers.doubles(fixture.tensor(name + "mu" + side)),
                    Numbers.doubles(fixture.tensor(name + "sigma" + side)));
        }
        float[][] features = Rows.of(fixture.tensor(name + "features" + side));
        double[] centre = new double[features[0].length];
        Arrays.setAll(centre, i -> features[0][i]);
        centre = moments(features, centre).mean(); // as products are measured about the reference's mean
        return Gaussian.of(moments(features, centre));
    }

    private static Moments moments(float[][] features, double[] centre) {
        Moments moments = new Moments(centre);
        for (float[] row : features) {
            moments.add(row);
        }
        return moments;
    }

    /** Covariances too large to record: A'A / rank + diag. */
    private static void checkRecipe(Fixture fixture, Checks checks) {
        String recipe = fixture.json().path("recipe").asText();
        if (!recipe.contains(RECIPE)) {
            throw new IllegalArgumentException("the recipe '" + recipe + "' is not known, expected '" + RECIPE + "'");
        }
        check(fixture, "", fixture.json(), fromRecipe(fixture, 1), fromRecipe(fixture, 2), checks);
    }

    private static Gaussian fromRecipe(Fixture fixture, int side) {
        float[][] a = Rows.of(fixture.tensor("A" + side));
        double[] diagonal = Numbers.doubles(fixture.tensor("diag" + side));
        int d = diagonal.length;
        double[] covariance = new double[d * d];
        for (float[] row : a) {
            for (int i = 0; i < d; i++) {
                double left = row[i];
                for (int j = 0; j < d; j++) {
                    covariance[i * d + j] += left * row[j];
                }
            }
        }
        for (int i = 0; i < covariance.length; i++) {
            covariance[i] /= a.length;
        }
        for (int i = 0; i < d; i++) {
            covariance[i * (d + 1)] += diagonal[i];
        }
        return new Gaussian(Numbers.doubles(fixture.tensor("mu" + side)), covariance);
    }

    private static void check(
            Fixture fixture, String name, JsonNode recorded, Gaussian first, Gaussian second, Checks checks) {
        double actual = first.squaredFrechetDistance(second);
        double traces = first.trace() + second.trace();
        if (Arrays.equals(first.mean(), second.mean()) && Arrays.equals(first.covariance(), second.covariance())) {
            // The truth is known, and both references miss it where the covariance is singular.
            checks.measured(name + "distance to itself, over the traces", ratio(actual, traces), 1e-12);
            return;
        }
        double eigen = number(fixture, name + "reference_eigh", recorded.path("eigh"));
        double original = number(fixture, name + "expected.fid", recorded.path("pytorch_fid"));
        double disagreement = Math.abs(eigen - original);
        checks.measured(
                name + "distance",
                ratio(beyondRounding(actual - eigen, traces), eigen),
                disagreement <= AGREEMENT * Math.abs(eigen) + ROUNDING * traces ? WELL_CONDITIONED : SINGULAR);
        if (Double.isFinite(original)) { // where it failed there is none
            checks.measured(
                    name + "distance of the original",
                    ratio(beyondRounding(actual - original, traces), original),
                    Math.max(ORIGINAL, ratio(DISAGREEMENTS * disagreement, original)));
        }
    }

    private static double beyondRounding(double difference, double traces) {
        return Math.max(0, Math.abs(difference) - ROUNDING * traces);
    }

    private static double ratio(double error, double of) {
        return error == 0 ? 0 : Math.abs(error / of);
    }

    private static double number(Fixture fixture, String tensor, JsonNode value) {
        return fixture.has(tensor) ? Numbers.doubles(fixture.tensor(tensor))[0] : value.asDouble(Double.NaN);
    }
}
