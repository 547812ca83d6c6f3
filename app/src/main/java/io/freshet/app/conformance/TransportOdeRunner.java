package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.diffusion.Sampler;
import io.freshet.diffusion.transport.Combination;
import io.freshet.diffusion.transport.DormandPrince;
import io.freshet.diffusion.transport.Interval;
import io.freshet.diffusion.transport.OdeMethod;
import io.freshet.diffusion.transport.OdeSettings;
import io.freshet.diffusion.transport.Transport;
import io.freshet.script.TorchDevice;
import java.util.Locale;

/** SiT's probability flow, by solvers of fixed step and by an adaptive one. Cases are path.target.method, or ….reverse. */
final class TransportOdeRunner implements FixtureRunner {
    private static final double INTERVAL = 1e-12;
    /** Its last evaluation divides by a σ that the original knows to three digits in float32. */
    private static final String ILL_CONDITIONED = "VP.noise.heun2";

    private static final double ILL_CONDITIONED_TOLERANCE = 4e-5;
    private static final String ADAPTIVE = "dopri5";
    private static final DormandPrince TIGHT = new DormandPrince(1e-11, 1e-11);
    private static final double TIGHT_TOLERANCE = 1e-6;

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        TransportCases.forEach(
                fixture.json().path("runs"),
                checks,
                (name, parts, details) -> check(fixture, name, parts, details, checks));
    }

    private static void check(Fixture fixture, String name, String[] parts, JsonNode details, Checks checks) {
        boolean reverse = parts.length == 4 && parts[3].equals("reverse");
        if (parts.length != 3 && !reverse) {
            throw new IllegalArgumentException("expected path.target.method or path.target.method.reverse");
        }
        Transport transport = Transport.of(TransportCases.path(parts[0]), TransportCases.target(parts[1]));
        Interval interval = reverse ? transport.reverseOdeInterval() : transport.odeInterval();
        if (details.has("t0")) {
            checks.close(
                    name + " interval",
                    new double[] {
                        details.path("t0").asDouble(), details.path("t1").asDouble(Double.NaN)
                    },
                    new double[] {interval.start(), interval.end()},
                    INTERVAL);
        }
        int steps = TransportCases.points(fixture.json().path("runs"), details) - 1;
        if (parts[2].equals(ADAPTIVE)) {
            adaptive(fixture, name, details, transport, interval, steps, checks);
        } else {
            OdeSettings settings =
                    new OdeSettings(OdeMethod.valueOf(parts[2].toUpperCase(Locale.ROOT)), steps, reverse);
            fixedStep(fixture, name, details, settings, transport, checks);
        }
    }

    private static void fixedStep(
            Fixture fixture, String name, JsonNode details, OdeSettings settings, Transport transport, Checks checks) {
        Sampler sampler =
                TransportCases.unlessRefused(name, fixture, details, () -> settings.sampler(transport), checks);
        if (sampler == null) {
            return;
        }
        double[] states = states(
                sampler,
                settings.method().stages(),
                Numbers.floats(fixture.tensor("input.z")).floats());
        if (details.isTextual()) {
            TransportCases.finite(name, details.asText(), states, checks);
        } else {
            double tolerance = name.equals(ILL_CONDITIONED) ? ILL_CONDITIONED_TOLERANCE : TransportCases.FIXED_STEP;
            TransportCases.states(name, fixture, details, states, tolerance, checks);
        }
    }

    /** The initial latent and the state after every step, one after the other. */
    private static double[] states(Sampler sampler, int stages, float[] latent) {
        int size = latent.length;
        double[] states = new double[(sampler.evaluations() / stages + 1) * size];
        copy(latent, states, 0);
        float[][] history = new float[sampler.historyLength()][size];
        for (int k = 0; k < sampler.evaluations(); k++) {
            float[] output = TransportCases.toy(latent, (float) sampler.time(k));
            sampler.advance(k, latent, history, output, 0, new float[0]);
            if ((k + 1) % stages == 0) {
                copy(latent, states, (k + 1) / stages * size);
            }
        }
        return states;
    }

    private static void copy(float[] latent, double[] states, int at) {
        for (int e = 0; e < latent.length; e++) {
            states[at + e] = latent[e];
        }
    }

    /**
     * What the original's adaptive solver recorded is only as exact as its tolerances; so ours, at tight ones, is compared with
     * the reference in float64.
     */
    private static void adaptive(
            Fixture fixture,
            String name,
            JsonNode details,
            Transport transport,
            Interval interval,
            int steps,
            Checks checks) {
        double[] times = new double[steps + 1];
        for (int i = 0; i <= steps; i++) {
            times[i] = i == steps ? interval.end() : interval.start() + i * (interval.end() - interval.start()) / steps;
        }
        double[] start = Numbers.doubles(fixture.tensor("input.z"));
        double[][] states = TIGHT.integrate((t, x, slope) -> drift(transport, t, x, slope), start, times);
        double[] flat = new double[states.length * start.length];
        for (int i = 0; i < states.length; i++) {
            System.arraycopy(states[i], 0, flat, i * start.length, start.length);
        }
        if (details.isTextual()) {
            TransportCases.finite(name, details.asText(), flat, checks);
        } else {
            double[] reference = Numbers.doubles(fixture.tensor(name + ".reference_tight_float64"));
            checks.close(name + " at tight tolerance", reference, flat, TIGHT_TOLERANCE);
        }
    }

    private static void drift(Transport transport, double t, double[] x, double[] slope) {
        Combination velocity = transport.target().velocity(transport.path(), t);
        for (int e = 0; e < x.length; e++) {
            slope[e] = velocity.of(x[e], TransportCases.toy(x[e], t));
        }
    }
}
