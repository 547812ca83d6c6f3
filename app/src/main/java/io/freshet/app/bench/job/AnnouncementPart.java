package io.freshet.app.bench.job;

import io.freshet.app.bench.job.StepLog.Entry;
import io.freshet.app.bench.job.StepLog.Kind;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.schemas.avro.CheckpointEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * From an announcement to the first sample with the new weights, while a client asks for one image after the other. A request is delayed by the
 * swap if it was sent long enough before the commit to have been answered by then, and was not.
 *
 * @param setup the job, with two checkpoints
 * @param requests before the announcement, whose median tells what is usual; at least 1
 */
record AnnouncementPart(JobRig.Setup setup, int requests) implements JobPart {
    private static final int STEPS = 4;

    /** Staging takes a share of the machine meanwhile: an answer may take so many times as long as is usual. */
    private static final double LONG_ENOUGH = 4;

    @Override
    public String unit() {
        return "requests before the announcement";
    }

    @Override
    public int work() {
        return requests;
    }

    /** One request and its answer. */
    private record Asked(long sentNanos, long answeredNanos, String sha256) {
        double seconds() {
            return (answeredNanos - sentNanos) / 1e9;
        }
    }

    @Override
    public Map<String, Figure> run(IntConsumer progress) throws CheckpointException, IOException, InterruptedException {
        try (JobRig rig = JobRig.start(setup)) {
            List<CheckpointRef> checkpoints = rig.store().checkpoints();
            rig.serve(checkpoints.get(0));
            ask(rig, "warm-up");
            List<Asked> before = new ArrayList<>();
            for (int i = 0; i < requests; i++) {
                before.add(ask(rig, "before-" + i));
                progress.accept(i + 1);
            }
            CheckpointRef next = checkpoints.get(1);
            long announced = System.nanoTime();
            rig.client().announce(next);
            List<Asked> during = new ArrayList<>();
            do {
                during.add(ask(rig, "during-" + during.size()));
            } while (!during.get(during.size() - 1).sha256().equals(next.sha256()));
            return figures(rig, next, announced, before, during);
        }
    }

    private static Asked ask(JobRig rig, String id) throws IOException, InterruptedException {
        long sent = System.nanoTime();
        rig.client().request(id, 1, STEPS);
        rig.await("an image", () -> rig.client().answer(id).images() > 0);
        JobClient.Answer answer = rig.client().answer(id);
        return new Asked(sent, answer.lastNanos(), answer.lastSha256());
    }

    private static Map<String, Figure> figures(
            JobRig rig, CheckpointRef next, long announced, List<Asked> before, List<Asked> during) throws IOException {
        JobClient.Decision decision = rig.client().decision(next.sha256());
        CheckpointEvent event = decision.event();
        double usual = Intervals.median(before.stream().map(Asked::seconds).toList());
        List<Asked> onOld = during.subList(0, during.size() - 1);
        long enough = Math.round(LONG_ENOUGH * usual * 1e9);
        long delayed = during.stream()
                .filter(each ->
                        decision.atNanos() - each.sentNanos() > enough && each.answeredNanos() - decision.atNanos() > 0)
                .count();
        long firstStep = rig.log().since(announced, Kind.STEP).stream()
                .filter(step -> step.checkpoint() == next.step())
                .mapToLong(Entry::startNanos)
                .findFirst()
                .orElse(decision.atNanos());
        Asked first = during.get(during.size() - 1);
        Map<String, Figure> figures = new LinkedHashMap<>();
        figures.put(
                "announcementToFirstSampleSeconds",
                Figure.told(
                        "announcement to first image with the new weights",
                        (first.answeredNanos() - announced) / 1e9,
                        "s"));
        figures.put(
                "announcementToFirstStepSeconds",
                Figure.told("announcement to first step with them", (firstStep - announced) / 1e9, "s"));
        figures.put(
                "announcementToCommitSeconds",
                Figure.told("announcement to commit", (decision.atNanos() - announced) / 1e9, "s"));
        figures.put("swapVerifyMillis", Figure.told("of these: verifying", event.getVerifyMillis(), "ms"));
        figures.put("swapStageMillis", Figure.told("of these: staging", event.getStageMillis(), "ms"));
        figures.put("swapWarmMillis", Figure.told("of these: warming", event.getWarmMillis(), "ms"));
        figures.put("requestSecondsBefore", Figure.told("a request of one image before, median", usual, "s"));
        figures.put(
                "requestSecondsDuring",
                Figure.told(
                        "the same while the next is staged beside it, median",
                        Intervals.median(onOld.stream().map(Asked::seconds).toList()),
                        "s"));
        figures.put(
                "requestsServedDuringSwap",
                Figure.atLeast("requests answered with the old weights meanwhile", onOld.size(), "", 1));
        figures.put("requestsDelayedBySwap", Figure.atMost("requests that waited for the swap", delayed, "", 0));
        return figures;
    }
}
