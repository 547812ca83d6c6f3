package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.model.autoencoder.AutoencoderConfig;
import io.freshet.model.autoencoder.AutoencoderParameters;
import io.freshet.model.inception.InceptionParameters;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which runner takes which kind of fixture. */
final class FixtureRunners {
    private static final Map<String, FixtureRunner> BY_KIND = byKind();

    private FixtureRunners() {}

    private static Map<String, FixtureRunner> byKind() {
        Map<String, FixtureRunner> runners = new LinkedHashMap<>();
        runners.put("U_DiT", new DenoiserRunner());
        runners.put("DiT", new DenoiserRunner());
        runners.put("SiT", new DenoiserRunner());
        runners.put("DiTLLaMA", new DenoiserRunner());
        runners.put("SiTLLaMA", new DenoiserRunner());
        runners.put("schedules", new SchedulesRunner());
        runners.put("diffusion_terms", new DiffusionTermsRunner());
        runners.put("sampling_loops", new SamplingLoopsRunner());
        runners.put("ddim_reverse_sample", new DdimReverseRunner());
        runners.put("train_steps", new TrainStepsRunner());
        runners.put("frechet", new FrechetRunner());
        runners.put("frechet_lowrank", new FrechetRunner());
        runners.put("preprocessing", new PreprocessingRunner());
        runners.put("AutoencoderKL", new AutoencoderRunner());
        runners.put(
                "autoencoder_parameters",
                new RecipeParametersRunner(
                        constructor -> AutoencoderParameters.of(AutoencoderConfig.fromDiffusers(constructor))));
        runners.put("fid_inception_v3", new InceptionRunner());
        runners.put("inception_parameters", new RecipeParametersRunner(constructor -> InceptionParameters.all()));
        runners.put("adversarial_files", new AdversarialFilesRunner());
        runners.put("odd_tensors", new OddTensorsRunner());
        runners.put("checkpoint", new CheckpointRunner());
        runners.put("model_parameters", new ParametersRunner());
        runners.put("model_macs", new WorkRunner());
        runners.put("custom_macs", new WorkRunner());
        runners.put("sit_training", new TransportTrainingRunner());
        runners.put("sit_ode", new TransportOdeRunner());
        runners.put("sit_sde", new TransportSdeRunner());
        return runners;
    }

    /** The runner, or null if there is none. */
    static @Nullable FixtureRunner of(String kind) {
        return BY_KIND.get(kind);
    }

    /** A description's {@code kind}, or what its other fields tell. */
    static String kind(JsonNode json) {
        if (json.path("kind").isTextual()) {
            return json.path("kind").asText();
        } else if (json.has("model") && json.has("parameters")) {
            return "model_parameters";
        } else if (json.has("models")) {
            return "model_macs";
        } else if (json.has("cases")) {
            return "custom_macs";
        } else if (json.has("files") && json.has("rule")) {
            return "adversarial_files";
        } else if (json.has("names") && json.has("tensors")) {
            return json.has("constructor") ? "autoencoder_parameters" : "inception_parameters";
        }
        return "unknown";
    }
}
