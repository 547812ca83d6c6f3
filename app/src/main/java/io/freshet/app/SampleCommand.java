package io.freshet.app;

import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.StopSignals.Reaction;
import io.freshet.app.images.CheckpointChoice;
import io.freshet.app.images.ImageFolder;
import io.freshet.app.images.OfflineSampler;
import io.freshet.app.local.RunDirectory;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.model.autoencoder.AutoencoderChoice;
import io.freshet.model.autoencoder.DecodingLoader;
import io.freshet.sampling.DenoiserLoader;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.StagedCheckpoint;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.script.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Draws images from a checkpoint in this process. */
@Command(
        name = "sample",
        description = {
            "Draw images from a checkpoint, without Kafka and Flink.",
            "",
            "Writes the same folder as 'generate', and the same images bit for bit as a job on this machine would for the same"
                    + " request and checkpoint. A job whose own precision is bf16 draws those of --precision bf16."
        },
        descriptionHeading = "%n",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet sample",
            "      ten images from the newest checkpoint of the newest run in runs/",
            "  freshet sample --precision bf16 --out rounded",
            "      nearly the same ones, sooner where the processor multiplies bfloat16",
            "  freshet sample runs/first/checkpoints --checkpoint step:400 --class heart --count 20 --out hearts",
        })
final class SampleCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private FreshetCommand root;

    @Parameters(
            arity = "0..1",
            paramLabel = "DIR",
            description = "A checkpoint store, or one checkpoint in it. Default: the store of the newest run.")
    private @Nullable Path place;

    @Option(
            names = "--runs-dir",
            paramLabel = "DIR",
            defaultValue = "runs",
            description = "Where runs are looked for. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path runsDirectory;

    @Mixin
    private ImageOptions wanted = new ImageOptions();

    @Option(
            names = "--autoencoder",
            paramLabel = "WHICH",
            description = "For a checkpoint of latents, " + AutoencoderChoice.DESCRIPTION + ".")
    private @Nullable String autoencoder;

    @Mixin
    private DeviceOption device = new DeviceOption();

    @Mixin
    private BatchOptions batches = new BatchOptions();

    @Option(names = "--json", description = "Print what was done as one JSON object on standard output.")
    private boolean asJson;

    SampleCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(root.verbose);
        GenerationRequest request =
                wanted.request("sample-" + UUID.randomUUID().toString().substring(0, 8));
        CheckpointChoice choice = choose(request.getCheckpoint());
        EngineOptions engine = batches.parse();
        TorchDevice on = device.parse();
        DenoiserLoader loader = new DecodingLoader(choice.store(), decoder(), on);
        ImageFolder folder = wanted.folder(request);
        List<GeneratedImage> one = new ArrayList<>();
        long startNanos = System.nanoTime();
        StagedCheckpoint drawn;
        try (ProgressBar bar = new ProgressBar(session.terminal(), "drawing", "images", request.getCount());
                StopSignals.Section drawing = session.stop().during(Reaction.INTERRUPT)) {
            String detail = "checkpoint of step " + choice.checkpoint().step();
            bar.detail(detail);
            drawn = new OfflineSampler(loader, choice.checkpoint(), engine).draw(request, image -> {
                folder.add(image);
                if (one.isEmpty()) {
                    one.add(image);
                }
                bar.update(folder.size(), detail);
            });
        } catch (IllegalArgumentException e) {
            folder.discard();
            throw CommandException.badInput(String.valueOf(e.getMessage()));
        } catch (CheckpointException | InterruptedException e) {
            folder.discard();
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
        Path published = folder.publish(request.getCount() + " images, checkpoint of step "
                + choice.checkpoint().step());
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        ImageReport.tell(session, asJson, published, one.get(0), seconds, details(drawn, on));
        return ExitCode.OK;
    }

    private AutoencoderChoice decoder() throws CommandException {
        try {
            return new AutoencoderChoice(autoencoder);
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(String.valueOf(e.getMessage()));
        }
    }

    private Map<String, Object> details(StagedCheckpoint drawn, TorchDevice on) {
        if (!drawn.batchInvariant()) {
            session.terminal()
                    .line("on " + on
                            + " an image depends slightly on what it is batched with: another count or class order"
                            + " may change its last bits; '--buckets "
                            + drawn.profile().largest() + "' draws it the same each time");
        }
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("device", on.toString());
        details.put("batchInvariant", drawn.batchInvariant());
        details.put("buckets", drawn.profile().buckets());
        details.put("passMillis", drawn.profile().passMillis());
        if (drawn.autoencoderSha256() != null) {
            details.put("autoencoderSha256", drawn.autoencoderSha256());
        }
        return details;
    }

    private CheckpointChoice choose(String which) throws CommandException, IOException {
        Path from = place != null
                ? place
                : RunDirectory.newestWithCheckpoints(runsDirectory)
                        .map(RunDirectory::checkpoints)
                        .orElseThrow(() -> CommandException.failure("no run in '" + runsDirectory
                                + "' has a checkpoint: name a store, or make one with 'freshet quickstart' or"
                                + " 'freshet train'"));
        try {
            return CheckpointChoice.find(from, which);
        } catch (CheckpointException | IllegalArgumentException e) {
            throw CommandException.badInput(String.valueOf(e.getMessage()));
        }
    }
}
