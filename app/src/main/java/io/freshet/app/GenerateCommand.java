package io.freshet.app;

import io.freshet.app.client.GenerationClient;
import io.freshet.app.client.RequestRejectedException;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.StopSignals.Reaction;
import io.freshet.app.images.ImageFolder;
import io.freshet.app.local.Endpoint;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.RequestStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Sends a request to a running job and collects its images. */
@Command(
        name = "generate",
        description = {
            "Ask a running job for images over Kafka.",
            "",
            "Writes them to a folder: a PNG for each, manifest.jsonl with all that is needed to draw each of them"
                    + " again; a contact sheet lies beside the folder."
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

    @Mixin
    private EndpointOptions broker = new EndpointOptions();

    @Mixin
    private ImageOptions wanted = new ImageOptions();

    @Mixin
    private ServiceOptions terms = new ServiceOptions();

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
        if (timeoutSeconds < 1) {
            throw CommandException.badInput("--timeout is " + timeoutSeconds + ": expected at least 1 second");
        }
        Endpoint endpoint = broker.find();
        GenerationRequest request =
                wanted.request("generate-" + UUID.randomUUID().toString().substring(0, 8));
        ImageFolder folder = wanted.folder(request);
        long startNanos = System.nanoTime();
        try (ProgressBar bar = new ProgressBar(session.terminal(), "generating", "images", request.getCount());
                GenerationClient client =
                        new GenerationClient(endpoint.bootstrapServers(), EndpointOptions.topics(endpoint))) {
            Collected collected = new Collected(folder, bar);
            try (StopSignals.Section collecting = session.stop().during(Reaction.INTERRUPT)) {
                client.collect(
                        terms.apply(request), terms.requestClass(), Duration.ofSeconds(timeoutSeconds), collected);
            }
            GeneratedImage last = collected.last();
            Path published =
                    folder.publish(request.getCount() + " images, checkpoint of step " + last.getCheckpointStep());
            bar.close();
            ImageReport.tell(session, asJson, published, last, (System.nanoTime() - startNanos) / 1e9);
            if (folder.elsewhere() > 0) {
                session.terminal()
                        .line(folder.elsewhere()
                                + " of them are not in the folder, for the job did not send them: for each "
                                + ImageFolder.MANIFEST + " has the directory of the tar file under the job's --shards"
                                + " ('shard') and the name in it ('member'), or why there is none ('withheld')");
            }
            return ExitCode.OK;
        } catch (RequestRejectedException e) {
            folder.discard();
            throw CommandException.badInput("the job rejects the request: " + e.getMessage());
        } catch (IOException | InterruptException e) {
            throw incomplete(folder, e);
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
