package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.checkpoints.CheckpointImport;
import io.freshet.app.checkpoints.CheckpointImport.Imported;
import io.freshet.app.checkpoints.CheckpointImport.Label;
import io.freshet.app.checkpoints.NetworkChoice;
import io.freshet.app.checkpoints.NetworkTrial;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.local.ProcessMemory;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.training.KafkaAnnouncer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Brings weights or a network into a checkpoint store. */
@Command(
        name = "import",
        description = {
            "Bring a network that was trained elsewhere into a checkpoint store.",
            "",
            "Reads files of torch.save (.pt, .pth, .bin, .ckpt; the averaged weights where there are some), safetensors, both also"
                    + " of an autoencoder such as sd-vae-ft-ema, and TorchScript of a denoiser, forward(x [B, C, S, S], t [B],"
                    + " y [B]). Nothing in a file of weights is run: only"
                    + " tensors, plain values and a known list of harmless classes are read, anything else is refused by name.",
            "",
            "What network it is follows from the names and shapes of the weights, or is told by --preset. What leaves no trace in"
                    + " them (RoPE, the down factor, the heads of plain attention, the size of the image) is as in the paper,"
                    + " unless it is --set. TorchScript tells nothing of itself and needs --set inputSize, inChannels, numClasses"
                    + " and learnSigma."
        },
        descriptionHeading = "%n",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet checkpoint import 0400000.pt --preset U-DiT-B",
            "  freshet checkpoint import last.ckpt --weights ema_model --set downFactor=[1,1,1,1,1] --try",
            "  freshet checkpoint import net.ts --set inputSize=32 --set inChannels=3 --set numClasses=10 --set learnSigma=false",
            "  freshet checkpoint import 0400000.pt --store runs/first/checkpoints --bootstrap-servers 127.0.0.1:9092",
            "      also announces it, so that a running job swaps it in",
            "",
            "Exit codes: 0 imported, 1 the store could not be written, 2 the file is damaged or refused, or fits no network."
        })
final class CheckpointImportCommand implements Callable<Integer> {
    private static final int MIB_BITS = 20;

    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CheckpointCommand parent;

    @Parameters(paramLabel = "FILE", description = "What to bring in.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Option(
            names = "--store",
            paramLabel = "DIR",
            defaultValue = "checkpoints",
            description = "Checkpoint store; made if it does not exist. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path store;

    @Option(
            names = "--weights",
            paramLabel = "NAME",
            description =
                    "Which weights of a file that holds several, such as ema or model. Default: the averaged ones.")
    private @Nullable String weights;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description =
                    "What network it is, of those that 'freshet model list' shows. Default: what the weights tell.")
    private @Nullable String preset;

    @Option(
            names = "--set",
            paramLabel = "FIELD=VALUE",
            description = "Set a field of the network's configuration; 'freshet model show NAME --json' shows them.")
    private Map<String, String> changes = new LinkedHashMap<>();

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "Name of the training run, part of the checkpoint's name. Default: the file's.")
    private @Nullable String name;

    @Option(
            names = "--step",
            paramLabel = "N",
            description = "Optimizer steps taken. Default: the number in the file's name, or 0.")
    private @Nullable Long step;

    @Option(
            names = "--class-names",
            paramLabel = "FILE",
            description = "Text file with the name of a class on each line. Default: their numbers.")
    private @Nullable Path classNames;

    @Option(
            names = "--try",
            description = "Run one forward pass afterwards, and tell how long it took and the peak memory.")
    private boolean tryIt;

    @Mixin
    private AnnounceOptions announcements = new AnnounceOptions();

    @Option(names = "--json", description = "Print what was done as one JSON object on standard output.")
    private boolean asJson;

    CheckpointImportCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(parent.verbose());
        long startNanos = System.nanoTime();
        CheckpointStore target = new CheckpointStore(store);
        Imported imported = bringIn(target);
        Map<String, Object> result = describe(imported, (System.nanoTime() - startNanos) / 1e9);
        if (tryIt) {
            result.put("trial", attempt(target, imported));
        }
        Optional<KafkaAnnouncer> opened = announcements.announcer();
        if (opened.isPresent()) {
            try (KafkaAnnouncer announcer = opened.get()) {
                announcer.published(imported.checkpoint());
            }
        }
        if (asJson) {
            session.results().println(new ObjectMapper().writeValueAsString(result));
        }
        return ExitCode.OK;
    }

    private Imported bringIn(CheckpointStore target) throws CommandException {
        try {
            Label label =
                    new Label(name, step == null ? OptionalLong.empty() : OptionalLong.of(step), readClassNames());
            CheckpointImport run = new CheckpointImport(target, new NetworkChoice(preset, changes), weights, label);
            long mib = Math.max(1, Files.size(file) >> MIB_BITS);
            try (ProgressBar bar = new ProgressBar(session.terminal(), "importing", "MiB", mib)) {
                return run.run(file, bytes -> bar.update(Math.min(mib, bytes >> MIB_BITS), ""));
            }
        } catch (CheckpointException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        } catch (NoSuchFileException e) {
            throw CommandException.badInput("there is no file '" + e.getFile() + "'");
        } catch (IOException | IllegalArgumentException e) {
            throw CommandException.badInput(e);
        }
    }

    private List<String> readClassNames() throws IOException {
        return classNames == null
                ? List.of()
                : Files.readAllLines(classNames).stream()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty())
                        .toList();
    }

    private Map<String, Object> describe(Imported imported, double seconds) {
        long peakMiB = ProcessMemory.peakMiB(ProcessHandle.current().pid()).orElse(0);
        CheckpointDescription description = imported.description();
        session.terminal()
                .line(file.getFileName()
                        + (weightsName(imported).isEmpty() ? "" : " (" + weightsName(imported) + ")") + ": "
                        + description.architecture() + ", told by " + imported.reason());
        description
                .config()
                .properties()
                .forEach(field -> session.terminal().line("  " + field.getKey() + ": " + field.getValue()));
        session.terminal()
                .line(String.format(
                        Locale.ROOT,
                        "%simported in %.1f s, peak memory %,d MiB: %s",
                        imported.parameters() == 0 ? "" : "%,d parameters ".formatted(imported.parameters()),
                        seconds,
                        peakMiB,
                        store.resolve(imported.checkpoint().directory())));
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("checkpoint", imported.checkpoint());
        result.put("store", store.toAbsolutePath().toString());
        result.put("architecture", imported.description().architecture());
        result.put("config", imported.description().config());
        result.put("weights", weightsName(imported));
        result.put("parameters", imported.parameters());
        result.put("wallSeconds", seconds);
        result.put("peakRssMiB", peakMiB);
        return result;
    }

    private static String weightsName(Imported imported) {
        return imported.description().training().path("weights").asText();
    }

    private NetworkTrial attempt(CheckpointStore target, Imported imported) throws CommandException {
        try {
            NetworkTrial trial = NetworkTrial.run(target, imported.checkpoint());
            session.terminal()
                    .line(String.format(
                            Locale.ROOT,
                            "verified, folded and loaded in %.1f s; a forward pass of %d images took %.2f s; peak memory %,d MiB",
                            trial.loadSeconds(),
                            trial.rows(),
                            trial.forwardSeconds(),
                            trial.peakMiB()));
            return trial;
        } catch (CheckpointException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
    }
}
