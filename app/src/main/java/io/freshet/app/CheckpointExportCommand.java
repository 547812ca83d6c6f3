package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.checkpoints.CheckpointExport;
import io.freshet.app.checkpoints.CheckpointExport.Format;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.images.CheckpointChoice;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.script.Graph.Operators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Writes a checkpoint as a file for other programs. */
@Command(
        name = "export",
        description = {
            "Write a checkpoint as one file that other programs open.",
            "",
            "torchscript: the network, folded for inference, with its method forward(x, t, y); opens with torch.jit.load in Python"
                    + " and C++, of PyTorch 1.13 and later.",
            "safetensors: the weights as they were trained, by the names of the original code.",
            "pt: the same for torch.load, with weights_only=True too, in the entry 'ema'."
        },
        descriptionHeading = "%n",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet checkpoint export checkpoints --format torchscript",
            "      the newest checkpoint in a store",
            "  freshet checkpoint export runs/first/checkpoints --checkpoint step:400 --format pt --out first.pt",
        })
final class CheckpointExportCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CheckpointCommand parent;

    @Parameters(paramLabel = "DIR", description = "A checkpoint store, or one checkpoint in it.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path place;

    @Option(
            names = "--checkpoint",
            paramLabel = "WHICH",
            defaultValue = "latest",
            description = "latest, step:N or sha256:HEX. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String which;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            required = true,
            description = "One of ${COMPLETION-CANDIDATES}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Format format;

    @Option(
            names = "--operators",
            paramLabel = "SET",
            defaultValue = "compatible",
            description =
                    "What TorchScript may use: compatible, for PyTorch 1.13 and later, or current, with fused attention, for"
                            + " PyTorch 2.1 and later. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Operators operators;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "What to write. Default: the checkpoint's name with the format's extension, here.")
    private @Nullable Path out;

    @Option(names = "--force", description = "Replace a file that is there.")
    private boolean force;

    @Option(names = "--json", description = "Print what was done as one JSON object on standard output.")
    private boolean asJson;

    CheckpointExportCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(parent.verbose());
        try {
            CheckpointChoice choice = CheckpointChoice.find(place, which);
            Path file = out != null ? out : Path.of(choice.checkpoint().directory() + format.extension());
            requireRoom(file);
            new CheckpointExport(choice.store().open(choice.checkpoint())).write(file, format, operators);
            report(choice, file);
            return ExitCode.OK;
        } catch (CheckpointException | IllegalArgumentException e) {
            throw CommandException.badInput(e);
        } catch (IOException e) {
            throw CommandException.failure("the file could not be written: " + e.getMessage(), e);
        }
    }

    private void requireRoom(Path file) throws CommandException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw CommandException.badInput("there is no folder '" + folder + "' to write '" + file + "' to");
        }
        if (Files.isDirectory(file)) {
            throw CommandException.badInput("'" + file + "' is a folder: name a file with --out");
        }
        if (Files.exists(file) && !force) {
            throw CommandException.badInput("'" + file + "' is there already: --force replaces it");
        }
    }

    private void report(CheckpointChoice choice, Path file) throws IOException {
        long bytes = Files.size(file);
        session.terminal()
                .line(String.format(
                        Locale.ROOT,
                        "checkpoint %s as %s, %,.1f MiB: %s",
                        choice.checkpoint().directory(),
                        format,
                        bytes / 1048576.0,
                        file));
        if (asJson) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("checkpoint", choice.checkpoint());
            result.put("format", format.toString());
            result.put("file", file.toAbsolutePath().toString());
            result.put("bytes", bytes);
            session.results().println(new ObjectMapper().writeValueAsString(result));
        }
    }
}
