package io.freshet.app.checkpoints;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.app.checkpoints.NetworkChoice.Chosen;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointDescription.ImageShape;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.model.Architectures;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.DenoiserSignature;
import io.freshet.model.NearestPreset;
import io.freshet.model.ParameterShapes;
import io.freshet.model.TorchScriptConfig;
import io.freshet.model.TorchScriptNetwork;
import io.freshet.model.autoencoder.AutoencoderConfig;
import io.freshet.model.autoencoder.AutoencoderNames;
import io.freshet.model.autoencoder.AutoencoderParameters;
import io.freshet.model.autoencoder.AutoencoderShapes;
import io.freshet.sampling.Denoiser;
import io.freshet.script.TorchScriptArchive;
import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Brings a network into a store. Everything is checked before anything is written, and the store publishes whole or not at all.
 *
 * @param store where to
 * @param choice what network it is
 * @param which the name of a set of weights in the file, or null for the averaged or only ones
 * @param label names of the run, the step and the classes
 */
public record CheckpointImport(
        CheckpointStore store,
        NetworkChoice choice,
        @Nullable String which,
        Label label) {
    private static final Pattern STEP = Pattern.compile("\\D*0*(\\d{1,15})\\D*");

    /**
     * How it is to be known.
     *
     * @param name name of the run, or null for one made of the file's name
     * @param step optimizer steps taken, or nothing for the number in the file's name, or else 0
     * @param classNames names of the classes by label; empty for their numbers
     */
    public record Label(@Nullable String name, OptionalLong step, List<String> classNames) {
        public Label {
            classNames = List.copyOf(classNames);
        }
    }

    /**
     * What was brought in.
     *
     * @param checkpoint where it is now
     * @param description what it is
     * @param reason how that was found out
     * @param parameters how many numbers it has; 0 for TorchScript, which is not looked into
     */
    public record Imported(
            CheckpointRef checkpoint, CheckpointDescription description, String reason, long parameters) {}

    /**
     * Imports a file.
     *
     * @param progress hears how many bytes have been written
     * @throws IOException if the file is damaged, or holds what is refused; says where and why
     * @throws IllegalArgumentException if the weights fit no network, with the first differences and the nearest preset
     * @throws CheckpointException if the store cannot take it
     */
    public Imported run(Path file, LongConsumer progress) throws IOException, CheckpointException {
        return TorchScriptArchive.is(file) ? script(file) : weights(file, progress);
    }

    private Imported weights(Path file, LongConsumer progress) throws IOException, CheckpointException {
        try (WeightsFile weights = WeightsFile.open(file, which);
                ScratchFile scratch = new ScratchFile()) {
            Optional<AutoencoderConfig> autoencoder = AutoencoderShapes.config(weights.shapes());
            Map<String, Tensor> tensors = weights.read(scratch);
            if (autoencoder.isPresent()) {
                AutoencoderConfig config = choice.change(autoencoder.get());
                Map<String, Tensor> canonical = AutoencoderNames.canonical(config, tensors);
                ParameterShapes.require(config.toString(), AutoencoderParameters.of(config), canonical);
                return publish(describe(weights, config), canonical, "the names and shapes of its weights", progress);
            }
            Chosen chosen = choice.choose(weights);
            requireFit(weights, chosen.config(), tensors);
            return publish(
                    describe(file, chosen.config(), weights.note(), weights.which()),
                    tensors,
                    chosen.reason(),
                    progress);
        }
    }

    private Imported publish(
            CheckpointDescription description, Map<String, Tensor> tensors, String reason, LongConsumer progress)
            throws CheckpointException {
        CheckpointRef checkpoint = store.publish(description, tensors, progress);
        long parameters = tensors.values().stream().mapToLong(Tensor::numel).sum();
        return new Imported(checkpoint, description, reason, parameters);
    }

    private static void requireFit(WeightsFile weights, DenoiserConfig config, Map<String, Tensor> tensors) {
        try {
            ParameterShapes.require(config.toString(), config.network().parameters(), tensors);
        } catch (IllegalArgumentException e) {
            String nearest = NearestPreset.of(weights.shapes())
                    .map(NearestPreset::toString)
                    .orElse("none");
            throw new IllegalArgumentException(
                    weights.file() + ": " + e.getMessage() + ". The nearest preset is " + nearest
                            + "; --preset and --set choose another network",
                    e);
        }
    }

    private Imported script(Path file) throws IOException, CheckpointException {
        if (which != null) {
            throw new IOException(file + " is TorchScript, which holds one network: leave out --weights");
        }
        Optional<String> text = TorchScriptArchive.extra(file, NetworkNote.KEY);
        Optional<NetworkNote> note =
                text.isEmpty() ? Optional.empty() : Optional.of(NetworkNote.parse(file, text.get()));
        TorchScriptConfig config = choice.script(file, note);
        CheckpointDescription description = describe(file, config, note, "");
        requireRuns(file, config, description.classNames());
        CheckpointRef checkpoint = store.publishScript(description, file);
        return new Imported(checkpoint, description, note.isPresent() ? "what it was exported as" : "what was set", 0);
    }

    /** TorchScript tells nothing of itself, so what is said of it is tried out. */
    private static void requireRuns(Path file, TorchScriptConfig config, List<String> classNames) throws IOException {
        try (Denoiser denoiser = TorchScriptNetwork.load(file, config, classNames)) {
            NetworkTrial.predict(denoiser);
        } catch (IllegalStateException e) {
            String reason = String.valueOf(e.getMessage()).strip();
            throw new IOException(file + " does not run as " + config + ": " + reason, e);
        }
    }

    private CheckpointDescription describe(
            Path file, DenoiserSignature network, Optional<NetworkNote> note, String weights) {
        return new CheckpointDescription(
                name(file, note, network.architecture()),
                label.step().orElseGet(() -> step(file, note)),
                network.architecture(),
                Architectures.describe(network),
                classNames(network, note),
                new ImageShape(network.inChannels(), network.inputSize(), network.inputSize()),
                origin(file, weights));
    }

    private CheckpointDescription describe(WeightsFile weights, AutoencoderConfig config) {
        if (!label.classNames().isEmpty()) {
            throw new IllegalArgumentException(weights.file() + " is an autoencoder: leave out --class-names");
        }
        return new CheckpointDescription(
                name(weights.file(), Optional.empty(), AutoencoderConfig.ARCHITECTURE),
                label.step().orElseGet(() -> step(weights.file(), Optional.empty())),
                AutoencoderConfig.ARCHITECTURE,
                config.json(),
                List.of(),
                new ImageShape(config.inChannels(), config.sampleSize(), config.sampleSize()),
                origin(weights.file(), weights.which()));
    }

    private List<String> classNames(DenoiserSignature network, Optional<NetworkNote> note) {
        if (!label.classNames().isEmpty()) {
            if (label.classNames().size() != network.numClasses()) {
                throw new IllegalArgumentException(label.classNames().size()
                        + " class names are given, but the network has " + network.numClasses() + " classes");
            }
            return label.classNames();
        }
        return note.map(NetworkNote::classNames)
                .filter(known -> known.size() == network.numClasses())
                .orElseGet(() -> IntStream.range(0, network.numClasses())
                        .mapToObj(Integer::toString)
                        .toList());
    }

    private static ObjectNode origin(Path file, String weights) {
        ObjectNode origin = JsonNodeFactory.instance.objectNode();
        origin.put("importedFrom", String.valueOf(file.getFileName()));
        if (!weights.isEmpty()) {
            origin.put("weights", weights);
        }
        return origin;
    }

    /** The name that is given, that it was exported under, or of the file; one of digits alone tells nothing. */
    private String name(Path file, Optional<NetworkNote> note, String architecture) {
        if (label.name() != null) {
            return label.name();
        }
        String stem = stem(file).replaceAll("[^A-Za-z0-9._-]", "-").replaceAll("^[^A-Za-z0-9]+", "");
        String shortened = stem.substring(0, Math.min(64, stem.length()));
        return note.map(NetworkNote::model).orElse(shortened.matches("[0-9]*") ? architecture : shortened);
    }

    private static long step(Path file, Optional<NetworkNote> note) {
        Matcher number = STEP.matcher(stem(file));
        return note.map(NetworkNote::step).orElseGet(() -> number.matches() ? Long.parseLong(number.group(1)) : 0L);
    }

    private static String stem(Path file) {
        String name = String.valueOf(file.getFileName());
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }
}
