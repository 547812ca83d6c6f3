package io.freshet.app.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.app.Main;
import io.freshet.app.client.CommandClient;
import io.freshet.app.client.GenerationClient;
import io.freshet.app.client.RequestRejectedException;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.Terminal;
import io.freshet.app.images.CheckpointChoice;
import io.freshet.app.images.OfflineSampler;
import io.freshet.app.local.Endpoint;
import io.freshet.app.local.RunDirectory;
import io.freshet.app.quickstart.QuickstartOptions.Evaluation;
import io.freshet.image.Png;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.Precision;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.ControlCommand;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.script.TorchDevice;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real stack, small: a broker, a Flink cluster and a trainer in a process of its own. */
class QuickstartTest {
    private static final Duration PATIENCE = Duration.ofMinutes(4);

    @TempDir
    Path runs;

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final Terminal terminal = new Terminal(new PrintStream(said, true, StandardCharsets.UTF_8), 0, true);

    @Test
    @Timeout(600)
    void trainsSwapsJudgesAndAnswersRequestsUntilItIsStopped() throws Exception {
        RunDirectory run = RunDirectory.create(runs, Optional.of("small"));
        CompletableFuture<RunSummary> ended = new CompletableFuture<>();
        Thread worker = new Thread(
                () -> complete(ended, run, List.of("--steps", "4", "--checkpoint-every", "2")), "quickstart");
        worker.start();

        Endpoint endpoint = awaitEndpoint(ended);
        GenerationRequest request = GenerationRequest.newBuilder()
                .setRequestId("from-a-client")
                .setCount(6)
                .setSeed(11)
                .setSteps(3)
                .setClasses(List.of("star", "ring"))
                .setPrecision("bf16")
                .build();
        SortedMap<Long, GeneratedImage> answered = new TreeMap<>();
        try (GenerationClient client = new GenerationClient(endpoint.bootstrapServers(), Topics.DEFAULT)) {
            client.collect(request, RequestClass.INTERACTIVE, PATIENCE, new GenerationClient.Listener() {
                @Override
                public void status(RequestStatus status) {}

                @Override
                public void image(GeneratedImage image) {
                    answered.put(image.getIndex(), image);
                }
            });
        }
        awaitFile(run.summary(), ended);
        assertObeysCommands(endpoint);
        worker.interrupt();
        RunSummary summary = ended.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        assertThat(summary.checkpoints())
                .extracting(RunSummary.Row::step)
                .as("judged steps")
                .containsExactly(2L, 4L);
        assertThat(summary.checkpoints()).allSatisfy(row -> {
            assertThat(row.samples()).as("samples of step %d", row.step()).isEqualTo(20);
            assertThat(row.fid()).as("FID of step %d", row.step()).isPositive();
        });
        assertThat(summary.swaps()).as("swaps").isEqualTo(2);
        assertThat(summary.jobRestarts()).as("restarts").isZero();
        assertThat(summary.imagesGenerated())
                .as("images: two evaluations and the request")
                .isEqualTo(20 + 20 + 6);
        assertThat(Files.readAllLines(run.fidCsv())).as("header and two rows").hasSize(3);
        assertThat(Png.decode(Files.readAllBytes(run.contactSheet())).height()).isGreaterThan(64);
        assertThat(Png.decode(Files.readAllBytes(run.fidPlot())).width()).isGreaterThan(100);
        assertThat(Endpoint.newestLive(runs)).as("endpoint after the end").isEmpty();
        assertThat(run.kafka()).as("the broker's data after the end").doesNotExist();
        assertThat(said.toString(StandardCharsets.UTF_8)).contains("swapped in", "FID", "The job stays up");

        assertThat(answered.values())
                .as("of a job whose own precision is another")
                .allSatisfy(image -> assertThat(image.getPrecision()).isEqualTo("bf16"));
        assertThat(answered.keySet()).as("indices answered").containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
        assertThat(offline(run, request, answered.get(0L).getCheckpointSha256()))
                .as("the same request, drawn without Kafka and Flink: the same files")
                .isEqualTo(files(answered));
    }

    @Test
    @Timeout(300)
    void saysWhyTheTrainerFailedAndWhereItsLogIs() throws Exception {
        RunDirectory run = RunDirectory.create(runs, Optional.of("bad"));
        assertThatThrownBy(
                        () -> quickstart(run, List.of("--learning-rate", "-1")).run())
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("the trainer ended with exit code 2")
                .hasMessageContaining("learningRate is -1.0")
                .hasMessageContaining(run.trainerLog().toString());
        assertThat(Endpoint.newestLive(runs)).as("endpoint after the end").isEmpty();
    }

    private Quickstart quickstart(RunDirectory run, List<String> training) {
        Evaluation evaluation = new Evaluation(20, 0, "ddim", 2, 0, 1);
        QuickstartOptions options = new QuickstartOptions(
                0, Main.class.getName(), training, evaluation, TorchDevice.CPU, Precision.FP32, true);
        return new Quickstart(run, options, terminal, StopSignals.takeOver(terminal));
    }

    private void complete(CompletableFuture<RunSummary> ended, RunDirectory run, List<String> training) {
        try {
            ended.complete(quickstart(run, training).run());
        } catch (Throwable e) {
            ended.completeExceptionally(e);
        }
    }

    private static void assertObeysCommands(Endpoint endpoint) throws Exception {
        try (CommandClient commands = new CommandClient(endpoint.bootstrapServers(), Topics.DEFAULT)) {
            ControlCommand rollback =
                    ControlCommand.newBuilder().setAction("rollback").build();
            assertThat(commands.route(rollback, PATIENCE))
                    .extracting(event -> event.getStep() + " " + event.getPercent())
                    .containsExactlyInAnyOrder("2 100.0", "4 0.0");
            assertThatThrownBy(() -> commands.route(rollback, PATIENCE))
                    .isInstanceOf(RequestRejectedException.class)
                    .hasMessageContaining("step 2 cannot be done: it is the only one that serves");
            ControlCommand cancel = ControlCommand.newBuilder()
                    .setAction("cancel")
                    .setRequestId("from-a-client")
                    .build();
            assertThat(commands.cancel(cancel, PATIENCE))
                    .as("of a request that was complete before")
                    .hasValueSatisfying(status -> assertThat(status.getState()).isEqualTo(RequestState.COMPLETED));
        }
    }

    private Endpoint awaitEndpoint(CompletableFuture<?> ended) throws Exception {
        Instant deadline = Instant.now().plus(PATIENCE);
        Optional<Endpoint> endpoint = Endpoint.newestLive(runs);
        while (endpoint.isEmpty()) {
            awaitABit(ended, deadline, "the endpoint");
            endpoint = Endpoint.newestLive(runs);
        }
        return endpoint.get();
    }

    private void awaitFile(Path file, CompletableFuture<?> ended) throws Exception {
        Instant deadline = Instant.now().plus(PATIENCE);
        while (!Files.exists(file)) {
            awaitABit(ended, deadline, file.toString());
        }
    }

    /** Waits for a moment, or fails with what the run failed of. */
    private void awaitABit(CompletableFuture<?> ended, Instant deadline, String what) throws Exception {
        assertThat(Instant.now()).as("waiting for %s; so far: %s", what, said).isBefore(deadline);
        try {
            ended.get(100, TimeUnit.MILLISECONDS);
            throw new AssertionError("The run ended before " + what + " was there: " + said);
        } catch (TimeoutException e) {
            // It still runs.
        }
    }

    private static List<String> offline(RunDirectory run, GenerationRequest request, String sha256) throws Exception {
        CheckpointChoice choice = CheckpointChoice.find(run.checkpoints(), "sha256:" + sha256);
        SortedMap<Long, GeneratedImage> drawn = new TreeMap<>();
        new OfflineSampler(
                        new CheckpointDenoiserLoader(choice.store()),
                        choice.checkpoint(),
                        new EngineOptions(List.of(4, 8)))
                .draw(request, image -> drawn.put(image.getIndex(), image));
        return files(drawn);
    }

    private static List<String> files(SortedMap<Long, GeneratedImage> images) {
        return images.values().stream()
                .map(image -> image.getClassName() + " "
                        + Base64.getEncoder().encodeToString(image.getPng().array()))
                .toList();
    }
}
