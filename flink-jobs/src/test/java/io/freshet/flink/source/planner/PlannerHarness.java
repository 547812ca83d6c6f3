package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.flink.source.event.CheckpointFailed;
import io.freshet.flink.source.event.CheckpointReady;
import io.freshet.flink.source.event.ResidencyPlan;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.sampling.Abilities;
import io.freshet.sampling.BucketProfile;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import io.freshet.sampling.StagedCheckpoint;
import io.freshet.schemas.avro.SamplerOutput;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;

/** A planner over a feed and readers that tests play. */
abstract class PlannerHarness {
    static final String A = "aa".repeat(32);
    static final String B = "ab".repeat(32);
    static final PlannerOptions OPTIONS =
            PlannerOptions.DEFAULT.withEvaluation(new PlannerOptions.Evaluation(0, 0, "ddim", 10, 0, 1));

    final FakeContext context = new FakeContext();
    final FakeFeed feed = new FakeFeed();
    Instant now = Instant.EPOCH;

    /** What readers say that a network takes. */
    long weightBytes;

    SamplingPlanner planner;

    @BeforeEach
    void startPlanner() {
        start(OPTIONS, PlannerState.empty());
    }

    void start(PlannerOptions options, PlannerState state) {
        context.clear();
        planner = new SamplingPlanner(context, feed, options, () -> now, state);
        planner.start();
    }

    void register(int subtask) {
        context.registered.put(subtask, new ReaderInfo(subtask, "here"));
        planner.addReader(subtask);
    }

    void ready(int subtask, long step, String sha256) {
        ready(subtask, step, sha256, Prediction.NOISE);
    }

    void ready(int subtask, long step, String sha256, Prediction prediction) {
        ready(subtask, step, sha256, prediction, true, true, null);
    }

    void ready(
            int subtask,
            long step,
            String sha256,
            boolean hasNullLabel,
            boolean batchInvariant,
            @Nullable String autoencoder) {
        ready(subtask, step, sha256, Prediction.NOISE, hasNullLabel, batchInvariant, autoencoder);
    }

    void ready(
            int subtask,
            long step,
            String sha256,
            Prediction prediction,
            boolean hasNullLabel,
            boolean batchInvariant,
            @Nullable String autoencoder) {
        CheckpointRef checkpoint = new CheckpointRef("toy", step, "step-" + step, sha256);
        planner.handleSourceEvent(
                subtask,
                new CheckpointReady(new StagedCheckpoint(
                        checkpoint,
                        Precision.FP32,
                        List.of("circle", "square"),
                        new Abilities(prediction, hasNullLabel, true, false),
                        batchInvariant,
                        new BucketProfile(List.of(2, 8), List.of()),
                        autoencoder,
                        weightBytes,
                        1 + subtask,
                        2,
                        3)));
    }

    static CheckpointFailed failed(long step, String sha256, String reason) {
        CheckpointRef checkpoint = new CheckpointRef("toy", step, "step-" + step, sha256);
        return new CheckpointFailed(new NetworkForm(checkpoint, Precision.FP32), reason);
    }

    void serveWith(long step, String sha256) {
        feed.announce("toy", step, sha256);
        context.tick();
        context.registered.keySet().forEach(subtask -> ready(subtask, step, sha256));
    }

    void request(String id, long count, double guidance) {
        feed.request("{\"requestId\":\"" + id + "\",\"count\":" + count + ",\"guidance\":" + guidance + "}");
        context.tick();
    }

    List<SamplerOutput> notices() {
        List<SamplerOutput> notices = new ArrayList<>();
        for (FakeContext.Sent sent : context.sent) {
            if (sent.what() instanceof WorkSplit split) {
                notices.addAll(split.notices());
            }
        }
        return notices;
    }

    <T> List<T> notices(Class<T> type) {
        return notices().stream()
                .map(SamplerOutput::getPayload)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    List<SampleRange> ranges(int subtask) {
        List<SampleRange> ranges = new ArrayList<>();
        for (FakeContext.Sent sent : context.sent) {
            if (sent.subtask() == subtask && sent.what() instanceof WorkSplit split) {
                ranges.addAll(split.ranges());
            }
        }
        return ranges;
    }

    static String describe(SampleRange range) {
        return range.request().requestId() + " " + range.from() + "-" + range.to();
    }

    List<String> lastPlan(int subtask) {
        List<String> plan = List.of();
        for (FakeContext.Sent sent : context.sent) {
            if (sent.subtask() == subtask && sent.what() instanceof ResidencyPlan told) {
                plan = told.wanted().stream()
                        .map(network -> network.checkpoint().sha256())
                        .toList();
            }
        }
        return plan;
    }
}
