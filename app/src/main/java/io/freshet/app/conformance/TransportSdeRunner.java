package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.diffusion.CounterNoise;
import io.freshet.diffusion.Sampler;
import io.freshet.diffusion.transport.Diffusion;
import io.freshet.diffusion.transport.Interval;
import io.freshet.diffusion.transport.LastStep;
import io.freshet.diffusion.transport.SdeMethod;
import io.freshet.diffusion.transport.SdeSettings;
import io.freshet.diffusion.transport.Transport;
import io.freshet.script.TorchDevice;
import java.util.Arrays;
import java.util.Locale;

/** SiT's stochastic samplers with the noise of the original. Cases are path.target.method.form.last-step. */
final class TransportSdeRunner implements FixtureRunner {
    private static final double INTERVAL = 1e-12;

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        TransportCases.forEach(
                fixture.json().path("runs"),
                checks,
                (name, parts, details) -> check(fixture, name, parts, details, checks));
    }

    private static void check(Fixture fixture, String name, String[] parts, JsonNode details, Checks checks) {
        if (parts.length != 5) {
            throw new IllegalArgumentException("expected path.target.method.form.last-step");
        }
        Transport transport = Transport.of(TransportCases.path(parts[0]), TransportCases.target(parts[1]));
        JsonNode json = fixture.json();
        Diffusion diffusion = new Diffusion(
                TransportCases.form(parts[3]), json.path("diffusion_norm").asDouble(1));
        LastStep lastStep = lastStep(parts[4], json.path("last_step_size").asDouble(0.04));
        SdeMethod method = method(parts[2]);
        int points = TransportCases.points(json.path("runs"), details);
        SdeSettings settings = new SdeSettings(method, diffusion, lastStep, points - 1);
        Sampler sampler =
                TransportCases.unlessRefused(name, fixture, details, () -> settings.sampler(transport), checks);
        if (sampler == null) {
            return;
        }
        float[] latent = Numbers.floats(fixture.tensor("input.z")).floats();
        if (details.isTextual()) {
            double[] states = new Run(sampler, settings, counterNoise(points - 1, latent.length)).states(latent);
            if (details.asText().startsWith("non-finite")) {
                checks.equal(name + ", of which nothing is recorded, runs", points * latent.length, states.length);
            } else {
                TransportCases.finite(name, details.asText(), states, checks);
            }
            return;
        }
        Interval interval = transport.sdeInterval(diffusion.form(), lastStep.size());
        checks.close(
                name + " interval",
                new double[] {
                    details.path("t0").asDouble(Double.NaN), details.path("t1").asDouble(Double.NaN)
                },
                new double[] {interval.start(), interval.end()},
                INTERVAL);
        float[] noise = Numbers.floats(fixture.tensor(name + ".noise")).floats();
        if (noise.length != (points - 1) * latent.length) {
            throw new IllegalArgumentException(
                    "noise has " + noise.length + " numbers, expected " + (points - 1) + " times " + latent.length);
        }
        double[] states = new Run(sampler, settings, noise).states(latent);
        TransportCases.states(name, fixture, details, states, TransportCases.FIXED_STEP, checks);
    }

    private static SdeMethod method(String name) {
        return switch (name) {
            case "Euler" -> SdeMethod.EULER_MARUYAMA;
            case "Heun" -> SdeMethod.HEUN;
            default -> throw new IllegalArgumentException("method is '" + name + "': expected Euler or Heun");
        };
    }

    private static LastStep lastStep(String name, double size) {
        LastStep.Kind kind = LastStep.Kind.valueOf(name.toUpperCase(Locale.ROOT));
        return kind == LastStep.Kind.NONE ? LastStep.NONE : new LastStep(kind, size);
    }

    private static float[] counterNoise(int draws, int size) {
        float[] noise = new float[draws * size];
        CounterNoise.fill(1, 0, CounterNoise.INITIAL, noise);
        return noise;
    }

    /**
     * One run.
     *
     * @param noise of every step, one after the other
     */
    private record Run(Sampler sampler, SdeSettings settings, float[] noise) {
        /** The state after every step, without the noise that a sampler may add ahead; then the sample. */
        double[] states(float[] z) {
            float[] latent = z.clone();
            int size = latent.length;
            int stages = settings.method() == SdeMethod.HEUN ? 2 : 1;
            int steps = settings.steps();
            double[] states = new double[(steps + 1) * size];
            float[][] history = new float[sampler.historyLength()][size];
            sampler.start(latent, draw(0, size));
            for (int k = 0; k < sampler.evaluations(); k++) {
                float[] output = TransportCases.toy(latent, (float) sampler.time(k));
                int step = k / stages;
                if (stages == 2 && k % stages == 1) {
                    float[] state = latent.clone();
                    sampler.advance(k, state, history, output, 0, new float[size]);
                    copy(state, states, step * size);
                    sampler.advance(k, latent, history, output, 0, draw(step + 1, size));
                } else {
                    sampler.advance(k, latent, history, output, 0, draw(step, size));
                    copy(latent, states, step * size);
                }
            }
            copy(latent, states, steps * size);
            return states;
        }

        private float[] draw(int step, int size) {
            return step < settings.steps() ? Arrays.copyOfRange(noise, step * size, (step + 1) * size) : new float[0];
        }

        private static void copy(float[] latent, double[] states, int at) {
            for (int e = 0; e < latent.length; e++) {
                states[at + e] = latent[e];
            }
        }
    }
}
