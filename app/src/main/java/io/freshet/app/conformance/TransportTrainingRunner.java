package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.diffusion.transport.Combination;
import io.freshet.diffusion.transport.Diffusion;
import io.freshet.diffusion.transport.Interpolant;
import io.freshet.diffusion.transport.Interval;
import io.freshet.diffusion.transport.LossWeight;
import io.freshet.diffusion.transport.Target;
import io.freshet.diffusion.transport.Transport;
import io.freshet.diffusion.transport.TransportLoss;
import io.freshet.script.TorchDevice;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * SiT's paths, losses, conversions between predictions, and intervals. Cases are path.target.weight; tensors besides theirs begin
 * with a path, or with a path and a target.
 */
final class TransportTrainingRunner implements FixtureRunner {
    private static final double TOLERANCE = 1e-5;
    private static final double FLOAT_ULP = 0x1p-24;
    private static final double INTERVAL = 1e-12;

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        Batch batch = Batch.of(fixture);
        TransportCases.forEach(
                fixture.json().path("cases"),
                checks,
                (name, parts, details) -> checkCase(fixture, batch, name, parts, details, checks));
        fixture.tensors().keySet().stream()
                .filter(name -> !name.startsWith("input.") && !name.contains(".expected."))
                .forEach(name -> checkTensor(fixture, batch, name, checks));
    }

    private static void checkCase(
            Fixture fixture, Batch batch, String name, String[] parts, JsonNode details, Checks checks) {
        if (parts.length != 3) {
            throw new IllegalArgumentException("expected path.target.weight");
        }
        Transport transport = Transport.of(TransportCases.path(parts[0]), TransportCases.target(parts[1]));
        checks.close(
                name + " training epsilon",
                details.path("train_eps").asDouble(Double.NaN),
                transport.trainingEpsilon(),
                INTERVAL);
        checks.close(
                name + " sampling epsilon",
                details.path("sample_eps").asDouble(Double.NaN),
                transport.samplingEpsilon(),
                INTERVAL);
        checkIntervals(name, transport, details, checks);
        // The original disregards the weight where velocity is predicted.
        LossWeight weight = transport.target() == Target.VELOCITY
                ? LossWeight.NONE
                : LossWeight.valueOf(parts[2].toUpperCase(Locale.ROOT));
        TransportLoss loss = new TransportLoss(transport, weight);
        double[] losses = new double[batch.rows()];
        float[][] predictions = new float[batch.rows()][];
        for (int row = 0; row < batch.rows(); row++) {
            TransportLoss.AtTime at = loss.at(batch.t[row]);
            float[] noise = batch.row(batch.x0, row);
            float[] data = batch.row(batch.x1, row);
            predictions[row] = TransportCases.toy(at.pathPoint(noise, data), batch.t[row]);
            losses[row] = at.loss(predictions[row], noise, data);
        }
        double tolerance = batch.tolerance(transport.path());
        checks.close(name + " prediction", expected(fixture, name + ".expected.pred"), flat(predictions), tolerance);
        checks.close(name + " loss", expected(fixture, name + ".expected.loss"), losses, tolerance);
    }

    private static double[] expected(Fixture fixture, String tensor) {
        return Numbers.doubles(fixture.tensor(tensor));
    }

    private static double[] flat(float[][] rows) {
        double[] values = new double[rows.length * rows[0].length];
        for (int i = 0; i < values.length; i++) {
            values[i] = rows[i / rows[0].length][i % rows[0].length];
        }
        return values;
    }

    private static void checkIntervals(String name, Transport transport, JsonNode details, Checks checks) {
        interval(name + " training interval", details.path("interval_train"), transport.trainingInterval(), checks);
        interval(name + " ODE interval", details.path("interval_ode"), transport.odeInterval(), checks);
        interval(
                name + " reverse ODE interval",
                details.path("interval_ode_reverse"),
                transport.reverseOdeInterval(),
                checks);
        for (Map.Entry<String, JsonNode> entry : details.path("interval_sde").properties()) {
            String[] parts = entry.getKey().split("\\|last_step_size=", -1);
            Interval actual = transport.sdeInterval(TransportCases.form(parts[0]), Double.parseDouble(parts[1]));
            interval(name + " SDE interval " + entry.getKey(), entry.getValue(), actual, checks);
        }
    }

    private static void interval(String check, JsonNode expected, Interval actual, Checks checks) {
        checks.close(
                check,
                new double[] {
                    expected.path(0).asDouble(Double.NaN), expected.path(1).asDouble(Double.NaN)
                },
                new double[] {actual.start(), actual.end()},
                INTERVAL);
    }

    /** A quantity of a path, or of a path and a target, that the original computed at the batch's times. */
    private static void checkTensor(Fixture fixture, Batch batch, String name, Checks checks) {
        String[] parts = name.split("\\.", -1);
        try {
            Interpolant path = TransportCases.path(parts[0]);
            double norm = fixture.json().path("diffusion_norm").asDouble(1);
            double[] actual = switch (parts[1]) {
                case "plan" -> plan(batch, path, parts[2]);
                case "diffusion" -> {
                    Diffusion diffusion = new Diffusion(TransportCases.form(parts[2]), norm);
                    yield batch.ofTime(t -> diffusion.coefficient(path, t));
                }
                case "score_from_velocity" -> batch.combined(path, t -> Target.VELOCITY.score(path, t));
                case "noise_from_velocity" -> batch.combined(path, t -> Target.VELOCITY.noise(path, t));
                case "velocity_from_score" -> batch.combined(path, t -> Target.SCORE.velocity(path, t));
                default -> conversion(batch, path, TransportCases.target(parts[1]), parts[2]);
            };
            checks.close(name, Numbers.doubles(fixture.tensor(name)), actual, batch.tolerance(path));
        } catch (RuntimeException e) {
            checks.fail(name, TOLERANCE, "cannot be compared: " + e.getMessage());
        }
    }

    private static double[] plan(Batch batch, Interpolant path, String quantity) {
        return switch (quantity) {
            case "alpha" -> batch.ofTime(path::alpha);
            case "sigma" -> batch.ofTime(path::sigma);
            case "d_alpha" -> batch.ofTime(path::alphaRate);
            case "d_sigma" -> batch.ofTime(path::sigmaRate);
            case "drift_var" -> batch.ofTime(path::scoreWeight);
            case "drift_mean" -> batch.combined(path, t -> new Combination(-path.alphaLogRate(t), 0));
            case "xt" -> batch.mixed(path::alpha, path::sigma);
            case "ut" -> batch.mixed(path::alphaRate, path::sigmaRate);
            default -> throw new IllegalArgumentException("no quantity of a path is called '" + quantity + "'");
        };
    }

    private static double[] conversion(Batch batch, Interpolant path, Target target, String quantity) {
        return switch (quantity) {
            case "ode_drift" -> batch.combined(path, t -> target.velocity(path, t));
            case "score" -> batch.combined(path, t -> target.score(path, t));
            default -> throw new IllegalArgumentException("no conversion is called '" + quantity + "'");
        };
    }

    /** The inputs: noise and data of some rows, and a time for each. */
    private record Batch(float[] x0, float[] x1, float[] t) {
        static Batch of(Fixture fixture) {
            return new Batch(
                    Numbers.floats(fixture.tensor("input.x0")).floats(),
                    Numbers.floats(fixture.tensor("input.x1")).floats(),
                    Numbers.floats(fixture.tensor("input.t")).floats());
        }

        int rows() {
            return t.length;
        }

        /**
         * The original computes σ in float32: along VP as √(1 − α²), along GVP as a cosine. Near t = 1 that leaves few digits, and
         * what is divided by σ has no more.
         */
        double tolerance(Interpolant path) {
            double tolerance = TOLERANCE;
            for (float time : t) {
                double sigma = path.sigma(time);
                double lost = switch (path) {
                    case LINEAR -> 0;
                    case GVP -> 4 * FLOAT_ULP / sigma;
                    case VP -> FLOAT_ULP / (sigma * sigma);
                };
                tolerance = Math.max(tolerance, lost);
            }
            return tolerance;
        }

        float[] row(float[] values, int row) {
            int size = values.length / rows();
            return Arrays.copyOfRange(values, row * size, (row + 1) * size);
        }

        double[] ofTime(Function<Double, Double> quantity) {
            double[] values = new double[rows()];
            Arrays.setAll(values, row -> quantity.apply((double) t[row]));
            return values;
        }

        /** data · x1 + noise · x0. */
        double[] mixed(Function<Double, Double> data, Function<Double, Double> noise) {
            double[] values = new double[x0.length];
            int size = x0.length / rows();
            for (int i = 0; i < values.length; i++) {
                double at = t[i / size];
                values[i] = data.apply(at) * x1[i] + noise.apply(at) * x0[i];
            }
            return values;
        }

        /** A combination of the point on the path and what the toy network says there. */
        double[] combined(Interpolant path, Function<Double, Combination> combination) {
            double[] values = mixed(path::alpha, path::sigma);
            int size = x0.length / rows();
            for (int i = 0; i < values.length; i++) {
                double at = t[i / size];
                values[i] = combination.apply(at).of(values[i], TransportCases.toy(values[i], at));
            }
            return values;
        }
    }
}
