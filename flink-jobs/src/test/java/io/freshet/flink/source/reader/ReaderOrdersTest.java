package io.freshet.flink.source.reader;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.flink.source.event.CheckpointReady;
import io.freshet.flink.source.event.RequestOrders;
import io.freshet.flink.source.event.ResidencyPlan;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.Route;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.ServiceTerms;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.flink.testing.ToyModels;
import io.freshet.sampling.Abilities;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestClass;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.core.io.InputStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How a reader follows what it is told about its requests. */
class ReaderOrdersTest {
    private static final CheckpointRef FIRST = new CheckpointRef("toy", 10, "step-10", "aa".repeat(32));
    private static final CheckpointRef SECOND = new CheckpointRef("toy", 20, "step-20", "bb".repeat(32));

    private final FakeReaderContext context = new FakeReaderContext();
    private final CollectingOutput output = new CollectingOutput();
    private long nowMillis = 1_000;
    private SamplingReader reader;

    @BeforeEach
    void startReader() throws Exception {
        reader = reader();
        stage(FIRST);
    }

    private SamplingReader reader() {
        SamplingReader started = new SamplingReader(
                context,
                new SamplingEngine(new EngineOptions(List.of(4, 8)), ToyModels.loader("reader-orders")),
                () -> Instant.ofEpochMilli(nowMillis));
        started.start();
        return started;
    }

    @AfterEach
    void closeReader() {
        reader.close();
    }

    private void stage(CheckpointRef... checkpoints) throws Exception {
        reader.handleSourceEvents(new ResidencyPlan(Stream.of(checkpoints)
                .map(each -> new NetworkForm(each, Precision.FP32))
                .toList()));
        while (Stream.of(checkpoints)
                .anyMatch(each -> context.told(CheckpointReady.class).stream()
                        .noneMatch(ready -> ready.staged().checkpoint().equals(each)))) {
            reader.isAvailable().get(10, TimeUnit.SECONDS);
            reader.pollNext(output);
        }
    }

    private static PlannedRequest request(String id, long count, ServiceTerms terms) {
        return request(id, count, 5, terms);
    }

    private static PlannedRequest request(String id, long count, int steps, ServiceTerms terms) {
        SamplerSettings settings = new SamplerSettings(SamplerKind.DDIM, steps, 0.5, 1);
        return new PlannedRequest(id, count, 3, List.of(), settings, FIRST, Purpose.REQUEST, terms);
    }

    private void give(PlannedRequest request) {
        reader.addSplits(List.of(WorkSplit.ofRanges(List.of(SampleRange.all(request)))));
    }

    private static Route to(CheckpointRef checkpoint) {
        return Route.to(new CommittedCheckpoint(
                checkpoint, ToyModels.CLASSES, new Abilities(Prediction.NOISE, true, true, false)));
    }

    /** Polls until there is nothing to do. */
    private void runDry() throws Exception {
        while (reader.pollNext(output) == InputStatus.MORE_AVAILABLE) {}
    }

    @Test
    void dropsACancelledRequestWithinOneStep() throws Exception {
        give(request("gone", 20, ServiceTerms.DEFAULT));
        give(request("kept", 3, ServiceTerms.DEFAULT));
        reader.pollNext(output);
        reader.handleSourceEvents(new RequestOrders(List.of("gone"), List.of()));
        reader.pollNext(output);
        assertThat(reader.snapshotState(1).get(0).rows())
                .as("rows in flight after the next step")
                .extracting(row -> row.request().requestId())
                .containsOnly("kept");
        runDry();
        assertThat(output.images().keySet()).containsExactlyInAnyOrder("kept#0", "kept#1", "kept#2");
        give(request("gone", 2, ServiceTerms.DEFAULT));
        runDry();
        assertThat(output.images())
                .as("what is given back later is dropped as well")
                .hasSize(3);
    }

    @Test
    void dropsWhatIsOverdueWithoutBeingTold() throws Exception {
        give(request("hurry", 20, new ServiceTerms(RequestClass.INTERACTIVE, 2_000, false, 0)));
        give(request("later", 2, new ServiceTerms(RequestClass.INTERACTIVE, 900_000, false, 0)));
        reader.pollNext(output);
        nowMillis = 1_999;
        reader.pollNext(output);
        assertThat(reader.snapshotState(1).get(0).rows())
                .extracting(row -> row.request().requestId())
                .contains("hurry");
        nowMillis = 2_000;
        runDry();
        assertThat(output.images().keySet()).containsExactlyInAnyOrder("later#0", "later#1");
        assertThat(reader.snapshotState(2)).isEmpty();
    }

    @Test
    void drawsWhatFollowsTheRouteAnewFromTheOtherCheckpointOnceThatIsThere() throws Exception {
        // Of so many steps that the other checkpoint is there long before they are through.
        give(request("moves", 12, 1000, new ServiceTerms(RequestClass.INTERACTIVE, ServiceTerms.NO_DEADLINE, true, 0)));
        give(request("stays", 2, ServiceTerms.DEFAULT));
        reader.pollNext(output);
        reader.pollNext(output);
        reader.handleSourceEvents(new RequestOrders(List.of(), List.of(to(SECOND))));
        reader.pollNext(output);
        assertThat(reader.snapshotState(1).get(0).rows())
                .as("rows while the other checkpoint is not there")
                .extracting(row -> row.request().checkpoint())
                .containsOnly(FIRST);
        stage(FIRST, SECOND);
        runDry();
        Map<String, GeneratedImage> images = Map.copyOf(output.images());
        assertThat(images).hasSize(14);
        List<String> fromSecond = images.entrySet().stream()
                .filter(image -> image.getValue().getCheckpointStep() == 20)
                .map(Map.Entry::getKey)
                .toList();
        assertThat(fromSecond).isNotEmpty().allMatch(key -> key.startsWith("moves#"));

        output.collected.clear();
        SamplerSettings settings = new SamplerSettings(SamplerKind.DDIM, 1000, 0.5, 1);
        give(new PlannedRequest("moves", 12, 3, List.of(), settings, SECOND, Purpose.REQUEST, ServiceTerms.DEFAULT));
        runDry();
        assertThat(fromSecond)
                .as("bits of what was begun anew, against a run from the second alone")
                .allSatisfy(key -> assertThat(images.get(key).getPng())
                        .isEqualTo(output.images().get(key).getPng()));
    }

    @Test
    void beginsWithWhatSomebodyWaitsFor() throws Exception {
        give(request("bulk", 16, ServiceTerms.of(RequestClass.BULK)));
        reader.pollNext(output);
        give(request("now", 2, ServiceTerms.DEFAULT));
        runDry();
        List<String> order = output.collected.stream()
                .map(each -> ((GeneratedImage) each.getPayload()).getRequestId())
                .toList();
        assertThat(order.subList(16, 18))
                .as("the last two: of the bulk that was at hand before")
                .containsOnly("bulk");
    }
}
