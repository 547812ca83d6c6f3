package io.freshet.app.checkpoints;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.freshet.diffusion.Prediction;
import io.freshet.model.Architectures;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.DenoiserSignature;
import io.freshet.model.DiTShapes;
import io.freshet.model.ModelPreset;
import io.freshet.model.NearestPreset;
import io.freshet.model.Presets;
import io.freshet.model.TorchScriptConfig;
import io.freshet.model.UDitShapes;
import io.freshet.model.autoencoder.AutoencoderConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what network some weights belong to: a preset that is asked for, what they were exported as, the model that their
 * training script was told to train, or what their names and shapes tell. What leaves no trace in those is as in the paper, unless
 * it is set.
 *
 * @param preset name of a preset, or null
 * @param changes fields of the configuration to be set, as JSON or plain text
 */
public record NetworkChoice(@Nullable String preset, Map<String, String> changes) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int NAMES_TOLD = 3;

    public NetworkChoice {
        changes = Map.copyOf(changes);
    }

    /**
     * What was chosen.
     *
     * @param config the network
     * @param reason where it was taken from, for people
     */
    record Chosen(DenoiserConfig config, String reason) {}

    /**
     * Chooses.
     *
     * @throws IllegalArgumentException if no network that is known here has such weights; says what is nearest
     */
    Chosen choose(WeightsFile weights) {
        Chosen chosen = base(weights);
        return new Chosen(
                (DenoiserConfig) change(chosen.config), chosen.reason + (changes.isEmpty() ? "" : ", with " + changes));
    }

    /**
     * What a TorchScript network takes and gives: as it was exported, with what is set.
     *
     * @throws IllegalArgumentException if that leaves something open
     */
    TorchScriptConfig script(Path file, Optional<NetworkNote> note) {
        if (preset != null) {
            throw new IllegalArgumentException(
                    file + " is TorchScript, which brings its own network: leave out --preset");
        }
        ObjectNode json = JSON.createObjectNode();
        note.map(NetworkNote::network)
                .map(TorchScriptConfig::of)
                .map(Architectures::describe)
                .ifPresent(json::setAll);
        changes.forEach((field, value) -> json.set(field, value(value)));
        List<String> missing = TorchScriptConfig.REQUIRED.stream()
                .filter(field -> !json.has(field))
                .map(field -> "--set " + field + "=...")
                .toList();
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException(file
                    + " is TorchScript, which does not tell what it takes and gives: add " + String.join(" ", missing));
        }
        return (TorchScriptConfig) Architectures.config(TorchScriptConfig.ARCHITECTURE, json);
    }

    private Chosen base(WeightsFile weights) {
        if (preset != null) {
            ModelPreset named = named(preset);
            return new Chosen(named.config(), "the preset " + named.name());
        }
        if (weights.note().isPresent() && weights.note().get().network() instanceof DenoiserConfig exported) {
            return new Chosen(exported, "what it was exported as");
        }
        Optional<ModelPreset> trained =
                weights.settings().get("model") instanceof String model ? Presets.find(model) : Optional.empty();
        if (trained.isPresent() && hasParametersOf(trained.get().config(), weights)) {
            return new Chosen(trained.get().config(), "the arguments of its training script and its shapes");
        }
        Prediction prediction = trained.map(p -> p.config().prediction()).orElse(Prediction.NOISE);
        Optional<? extends DenoiserConfig> told = UDitShapes.config(weights.shapes());
        if (told.isEmpty()) {
            told = DiTShapes.config(weights.shapes(), prediction);
        }
        return new Chosen(
                told.orElseThrow(() -> new IllegalArgumentException(unknown(weights))),
                "the names and shapes of its weights");
    }

    private static boolean hasParametersOf(DenoiserConfig config, WeightsFile weights) {
        Map<String, long[]> parameters = config.network().parameters();
        return parameters.size() == weights.shapes().size()
                && parameters.entrySet().stream()
                        .allMatch(entry ->
                                Arrays.equals(entry.getValue(), weights.shapes().get(entry.getKey())));
    }

    private static ModelPreset named(String name) {
        return Presets.find(name)
                .orElseThrow(() -> new IllegalArgumentException("There is no preset '" + name
                        + "': expected one of those that 'freshet model list' shows, such as U-DiT-S or DiT-XL/2"));
    }

    private static String unknown(WeightsFile weights) {
        List<String> names = new ArrayList<>(weights.shapes().keySet());
        return weights.file() + " holds " + names.size() + " tensors, first "
                + names.subList(0, Math.min(NAMES_TOLD, names.size()))
                + ", which are those of no network that is known here; nearest is "
                + NearestPreset.of(weights.shapes())
                        .map(NearestPreset::toString)
                        .orElse("none")
                + ". A network of another kind can be imported as TorchScript";
    }

    private DenoiserSignature change(DenoiserSignature config) {
        return Architectures.config(
                config.architecture(), changed(config.architecture(), Architectures.describe(config)));
    }

    /**
     * An autoencoder's configuration with what is set.
     *
     * @throws IllegalArgumentException if it has no such field, or cannot be so
     */
    AutoencoderConfig change(AutoencoderConfig config) {
        if (preset != null) {
            throw new IllegalArgumentException("The weights are those of an autoencoder: leave out --preset");
        }
        return AutoencoderConfig.fromJson(changed(AutoencoderConfig.ARCHITECTURE, config.json()));
    }

    /** Sets fields; a dot leads into a field of a field. */
    private ObjectNode changed(String architecture, ObjectNode json) {
        changes.forEach((path, value) -> {
            ObjectNode at = json;
            String field = path;
            while (field.indexOf('.') > 0
                    && at.path(field.substring(0, field.indexOf('.'))) instanceof ObjectNode inner) {
                at = inner;
                field = field.substring(field.indexOf('.') + 1);
            }
            if (!at.has(field)) {
                List<String> fields = new ArrayList<>();
                at.fieldNames().forEachRemaining(fields::add);
                throw new IllegalArgumentException("The configuration of '" + architecture + "' has no field '" + path
                        + "': expected one of " + fields);
            }
            at.set(field, value(value));
        });
        return json;
    }

    private static JsonNode value(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return TextNode.valueOf(text);
        }
    }
}
