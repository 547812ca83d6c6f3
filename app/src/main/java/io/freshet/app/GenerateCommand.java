package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.client.GenerationClient;
import io.freshet.app.client.ImageFolder;
import io.freshet.app.client.RequestRejectedException;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.local.Endpoint;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.RequestStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Sends a request to a running job and collects its images. */
@Command(
        name = "generate",
        description = {
            "Ask a running job for images over Kafka.",
            "",
            "Writes them to a folder: a PNG for each, manifest.jsonl with all that is needed to draw each of them"
                    + " again, and a contact sheet."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet generate --count 64",
            "      images of all classes from the newest checkpoint; finds a local run that is up",
            "      ('freshet quickstart --keep-running')",
            "  freshet generate --count 8 --class star --class ring --seed 7 --out stars",
            "  freshet generate --bootstrap-servers kafka:9092 --checkpoint step:400 --json",
            "",
            "Exit codes: 0 all images are there, 1 failed, 2 bad input or rejected by the job."
        })
final class GenerateCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private FreshetCommand root;

    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = "Kafka broker of the job. Default: that of the newest local run that is up.")
    private @Nullable String bootstrapServers;

    @Option(
            names = "--runs-dir",
            paramLabel = "DIR",
            defaultValue = "runs",
            description = "Where local runs are looked for. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path runsDirectory;

    @Option(
            names = "--topic-prefix",
            paramLabel = "PREFIX",
            description = "First part of the names of the job's topics. Default: freshet, or that of the local run.")
    private @Nullable String topicPrefix;

    @Option(
            names = {"-n", "--count"},
            paramLabel = "N",
            defaultValue = "10",
            description = "How many images. Default: ${DEFAULT-VALUE}")
    private int count;

    @Option(
            names = "--class",
            paramLabel = "NAME",
            description = "Class to draw; repeat it for several in turn. Default: every class of the model in turn.")
    private List<String> classes = new ArrayList<>();

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "The same seed draws the same images again. Default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "50",
            description = "Denoising steps, 1 to 1000. Default: ${DEFAULT-VALUE}")
    private int steps;

    @Option(
            names = "--guidance",
            paramLabel = "X",
            defaultValue = "1.5",
            description = "Classifier-free guidance scale, 1 (off) to 20. Default: ${DEFAULT-VALUE}")
    private double guidance;

    @Option(
            names = "--sampler",
            paramLabel = "NAME",
            defaultValue = "ddim",
            description = "ddim or ddpm. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String sampler;

    @Option(
            names = "--eta",
            paramLabel = "X",
            defaultValue = "0",
            description = "DDIM's eta, 0 (no noise) to 1 (that of ddpm). Default: ${DEFAULT-VALUE}")
    private double eta;

    @Option(
            names = "--checkpoint",
            paramLabel = "WHICH",
            defaultValue = "latest",
            description = "latest, step:N or sha256:HEX. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String checkpoint;

    @Option(names = "--out", paramLabel = "DIR", description = "Folder to write; new or empty. Default: images-ID")
    private @Nullable Path out;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "120",
            description = "Give up when nothing new has come for that long. Default: ${DEFAULT-VALUE}")
    private int timeoutSeconds;

    @Option(names = "--json", description = "Print what was done as one JSON object on standard output.")
    private boolean asJson;

    GenerateCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(root.verbose);
        if (count < 1) {
            throw CommandException.badInput("--count is " + count + ": expected at least 1");
        }
        if (timeoutSeconds < 1) {
            throw CommandException.badInput("--timeout is " + timeoutSeconds + ": expected at least 1 second");
        }
        Endpoint endpoint = endpoint();
        GenerationRequest request = request();
        ImageFolder folder = createFolder(out != null ? out : Path.of("images-" + request.getRequestId()));
        long startNanos = System.nanoTime();
        try (ProgressBar bar = new ProgressBar(session.terminal(), "generating", "images", count);
                GenerationClient client =
                        new GenerationClient(endpoint.bootstrapServers(), new Topics(endpoint.topicPrefix()))) {
            Collected collected = new Collected(folder, bar);
            client.collect(request, Duration.ofSeconds(timeoutSeconds), collected);
            GeneratedImage last = collected.last();
            Path published = folder.publish(count + " images, checkpoint of step " + last.getCheckpointStep());
            bar.close();
            report(request, published, last, (System.nanoTime() - startNanos) / 1e9);
            return ExitCode.OK;
        } catch (RequestRejectedException e) {
            folder.discard();
            throw CommandException.badInput("the job rejects the request: " + e.getMessage());
        } catch (IOException | InterruptException e) {
            throw incomplete(folder, e);
        }
    }

    private Endpoint endpoint() throws IOException, CommandException {
        if (bootstrapServers != null) {
            return new Endpoint(bootstrapServers, topicPrefix != null ? topicPrefix : Topics.DEFAULT.prefix(), 0, 0);
        }
        Endpoint found = Endpoint.newestLive(runsDirectory)
                .orElseThrow(() -> CommandException.failure("no local run is up in '" + runsDirectory
                        + "': start one with 'freshet quickstart --keep-running', or name a broker with"
                        + " --bootstrap-servers HOST:PORT"));
        return topicPrefix == null
                ? found
                : new Endpoint(found.bootstrapServers(), topicPrefix, found.pid(), found.startedAtMillis());
    }

    private GenerationRequest request() {
        String id = "generate-" + UUID.randomUUID().toString().substring(0, 8);
        return GenerationRequest.newBuilder()
                .setRequestId(id)
                .setCount(count)
                .setSeed(seed)
                .setClasses(classes)
                .setSampler(sampler)
                .setSteps(steps)
                .setEta(eta)
                .setGuidance(guidance)
                .setCheckpoint(checkpoint)
                .build();
    }

    private ImageFolder createFolder(Path target) throws CommandException {
        try {
            return ImageFolder.create(target, count);
        } catch (IOException e) {
            throw CommandException.badInput(String.valueOf(e.getMessage()));
        }
    }

    private static CommandException incomplete(ImageFolder folder, Exception e) throws IOException {
        if (folder.size() == 0) {
            folder.discard();
            return CommandException.failure(String.valueOf(e.getMessage()), e);
        }
        return CommandException.failure(
                e.getMessage() + "; the " + folder.size() + " images that came are in " + folder.partialFolder(), e);
    }

    private void report(GenerationRequest request, Path folder, GeneratedImage last, double seconds)
            throws IOException {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("requestId", request.getRequestId());
        result.put("count", request.getCount());
        result.put("directory", folder.toString());
        result.put("manifest", folder.resolve(ImageFolder.MANIFEST).toString());
        result.put("contactSheet", folder.resolve(ImageFolder.CONTACT_SHEET).toString());
        result.put("model", last.getModel());
        result.put("checkpointStep", last.getCheckpointStep());
        result.put("checkpointSha256", last.getCheckpointSha256());
        result.put("wallSeconds", Math.round(seconds * 1000) / 1000.0);
        session.terminal()
                .line(String.format(
                        Locale.ROOT,
                        "%,d images from checkpoint %s of step %d (%s) in %.1f s: %s",
                        request.getCount(),
                        last.getCheckpointSha256().substring(0, 8),
                        last.getCheckpointStep(),
                        last.getModel(),
                        seconds,
                        folder));
        if (asJson) {
            session.results().println(new ObjectMapper().writeValueAsString(result));
        }
    }

    /** Hears of the request. */
    private static final class Collected implements GenerationClient.Listener {
        private final ImageFolder folder;
        private final ProgressBar bar;
        private @Nullable GeneratedImage last;
        private String detail = "";

        Collected(ImageFolder folder, ProgressBar bar) {
            this.folder = folder;
            this.bar = bar;
        }

        GeneratedImage last() {
            if (last == null) {
                throw new IllegalStateException("No image has come");
            }
            return last;
        }

        @Override
        public void status(RequestStatus status) {
            if (status.getCheckpointStep() != null) {
                detail = "checkpoint of step " + status.getCheckpointStep();
                bar.detail(detail);
            }
        }

        @Override
        public void image(GeneratedImage image) throws IOException {
            folder.add(image);
            last = image;
            bar.update(folder.size(), detail);
        }
    }
}
