package io.freshet.app.conformance;

import io.freshet.model.autoencoder.Autoencoder;
import io.freshet.model.autoencoder.AutoencoderConfig;
import io.freshet.model.autoencoder.AutoencoderNames;
import io.freshet.model.autoencoder.AutoencoderParameters;
import io.freshet.model.autoencoder.Posterior;
import io.freshet.script.TorchDevice;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** AutoencoderKL: the distribution of latents, a draw from it, the decoded image, and older names of its weights. */
final class AutoencoderRunner implements FixtureRunner {
    private static final double TOLERANCE = 1e-5;

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) throws IOException {
        AutoencoderConfig config = AutoencoderConfig.fromDiffusers(fixture.constructor());
        Map<String, Tensor> weights = fixture.below("weights.");
        if (weights.isEmpty()) {
            weights = RecipeWeights.of(fixture.json()).tensors(AutoencoderParameters.of(config));
        }
        checkOldNames(fixture, config, weights, checks);
        try (Autoencoder autoencoder = Autoencoder.of(config, weights, device)) {
            if (fixture.has("input.image")) {
                checkEncoder(fixture, autoencoder.encode(fixture.tensor("input.image")), checks);
            }
            if (fixture.has("input.z")) {
                check(fixture, "decoded", autoencoder.decode(fixture.tensor("input.z")), checks);
            }
        }
    }

    private static void checkEncoder(Fixture fixture, Posterior posterior, Checks checks) {
        check(fixture, "mean", posterior.mean(), checks);
        check(fixture, "logvar", posterior.logVariance(), checks);
        check(fixture, "std", posterior.standardDeviation(), checks);
        if (fixture.has("input.noise")) {
            check(fixture, "sample_with_noise", posterior.sample(fixture.tensor("input.noise")), checks);
        }
    }

    private static void check(Fixture fixture, String name, Tensor actual, Checks checks) {
        if (fixture.has("expected." + name)) {
            checks.close(name, fixture.tensor("expected." + name), actual, TOLERANCE);
        }
    }

    /** Weights under the names of older files are the same weights. */
    private static void checkOldNames(
            Fixture fixture, AutoencoderConfig config, Map<String, Tensor> weights, Checks checks) {
        Map<String, Tensor> old = new LinkedHashMap<>();
        weights.forEach((name, tensor) -> {
            String[] renamed = {name};
            fixture.json()
                    .path("deprecated_attention_names")
                    .properties()
                    .forEach(pair -> renamed[0] = renamed[0].replace(
                            "." + pair.getKey() + ".", "." + pair.getValue().asText() + "."));
            old.put(renamed[0], tensor);
        });
        if (!old.keySet().equals(weights.keySet())) {
            boolean same = AutoencoderNames.canonical(config, old)
                    .keySet()
                    .equals(AutoencoderNames.canonical(config, weights).keySet());
            checks.equal("old names of attention", true, same);
        }
    }
}
