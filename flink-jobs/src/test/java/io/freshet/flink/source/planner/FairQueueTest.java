package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.ServiceTerms;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestClass;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FairQueueTest {
    private static final CheckpointRef CHECKPOINT = new CheckpointRef("toy", 1, "step-1", "aa".repeat(32));
    private static final CheckpointRef ELSEWHERE = new CheckpointRef("toy", 2, "step-2", "bb".repeat(32));

    private final FairQueue queue = new FairQueue(Scheduling.DEFAULT, List.of(), 0);
    private final Map<RequestClass, Double> work = new EnumMap<>(RequestClass.class);

    private void add(String id, RequestClass requestClass, long count, int steps) {
        add(id, requestClass, count, steps, CHECKPOINT);
    }

    private void add(String id, RequestClass requestClass, long count, int steps, CheckpointRef checkpoint) {
        SamplerSettings settings = new SamplerSettings(SamplerKind.DDIM, steps, 0, 1);
        queue.add(
                SampleRange.all(new PlannedRequest(
                        id, count, 0, List.of(), settings, checkpoint, Purpose.REQUEST, ServiceTerms.of(requestClass))),
                0);
    }

    private List<SampleRange> take(int rows, long nowMillis) {
        List<SampleRange> taken = queue.take(rows, network -> network.checkpoint() == CHECKPOINT, nowMillis);
        for (SampleRange range : taken) {
            PlannedRequest request = range.request();
            work.merge(
                    request.terms().requestClass(),
                    (double) range.size() * request.settings().steps(),
                    Double::sum);
        }
        return taken;
    }

    @Test
    void sharesTheWorkByWeightWhateverTheStepsAndTheSizeOfAsks() {
        add("i", RequestClass.INTERACTIVE, 1_000_000, 20);
        add("e", RequestClass.EVALUATION, 1_000_000, 50);
        add("b1", RequestClass.BULK, 1_000_000, 250);
        add("b2", RequestClass.BULK, 1_000_000, 100);
        SplittableRandom random = new SplittableRandom(5);
        for (int ask = 0; ask < 5_000; ask++) {
            int rows = 1 + random.nextInt(64);
            assertThat(take(rows, 0).stream().mapToLong(SampleRange::size).sum())
                    .as("samples for an ask of " + rows)
                    .isEqualTo(rows);
        }
        double bulk = work.get(RequestClass.BULK);
        assertThat(work.get(RequestClass.INTERACTIVE) / bulk).isBetween(7.6, 8.4);
        assertThat(work.get(RequestClass.EVALUATION) / bulk).isBetween(1.9, 2.1);
    }

    @Test
    void givesAClassThatHadNothingToDoNoCreditForIt() {
        add("b", RequestClass.BULK, 1_000_000, 10);
        for (int ask = 0; ask < 1_000; ask++) {
            take(8, 0);
        }
        add("e", RequestClass.EVALUATION, 1_000_000, 10);
        work.clear();
        for (int ask = 0; ask < 300; ask++) {
            take(8, 0);
        }
        assertThat(work.get(RequestClass.EVALUATION) / work.get(RequestClass.BULK))
                .as("two to one from the start")
                .isBetween(1.8, 2.2);
    }

    @Test
    void givesAClassWhoseCheckpointIsNotThereNoCreditForWaiting() {
        add("i", RequestClass.INTERACTIVE, 1_000_000, 10, ELSEWHERE);
        add("b", RequestClass.BULK, 1_000_000, 10);
        for (int ask = 0; ask < 1_000; ask++) {
            assertThat(take(8, 0)).isNotEmpty();
        }
        queue.remove("i");
        add("i", RequestClass.INTERACTIVE, 1_000_000, 10);
        work.clear();
        for (int ask = 0; ask < 450; ask++) {
            take(8, 0);
        }
        assertThat(work.get(RequestClass.INTERACTIVE) / work.get(RequestClass.BULK))
                .isBetween(7.0, 9.0);
    }

    @Test
    void letsAClassThatHasWaitedTooLongGoNextWhateverItsShare() {
        FairQueue harsh = new FairQueue(
                Scheduling.DEFAULT
                        .with(RequestClass.INTERACTIVE, new ClassPolicy(1_000_000, 10, Long.MAX_VALUE))
                        .withStarvationBound(Duration.ofSeconds(10)),
                List.of(),
                0);
        for (RequestClass each : List.of(RequestClass.INTERACTIVE, RequestClass.BULK)) {
            harsh.add(
                    SampleRange.all(new PlannedRequest(
                            each.name(),
                            1_000_000,
                            0,
                            List.of(),
                            new SamplerSettings(SamplerKind.DDIM, 10, 0, 1),
                            CHECKPOINT,
                            Purpose.REQUEST,
                            ServiceTerms.of(each))),
                    0);
        }
        long served = 0;
        for (long now = 0; now <= 60_000; now += 100) {
            for (SampleRange range : harsh.take(1, network -> true, now)) {
                if (range.request().terms().requestClass() == RequestClass.BULK) {
                    assertThat(now - served).as("wait until %d ms", now).isLessThanOrEqualTo(10_200);
                    served = now;
                }
            }
        }
        assertThat(served).as("last time that bulk was served").isGreaterThan(40_000);
    }

    @Test
    void takesARequestOutAndTellsWhereItHadComeTo() {
        add("a", RequestClass.BULK, 100, 10);
        add("b", RequestClass.BULK, 100, 10);
        List<SampleRange> taken = take(20, 0);
        queue.giveBack(taken);
        assertThat(queue.samples()).isEqualTo(200);
        assertThat(queue.remove("a"))
                .as("samples 0 to 9 had been handed out once")
                .isEqualTo(10);
        assertThat(queue.remove("a")).isEqualTo(-1);
        assertThat(queue.samples()).isEqualTo(100);
        assertThat(queue.contains("a")).isFalse();
        assertThat(queue.contains("b")).isTrue();
    }

    @Test
    void servesARequestLargerThanAnAskAndKeepsItsTurn() {
        SamplerSettings guided = new SamplerSettings(SamplerKind.DDIM, 10, 0, 4);
        queue.add(
                SampleRange.all(new PlannedRequest(
                        "g", 2, 0, List.of(), guided, CHECKPOINT, Purpose.REQUEST, ServiceTerms.DEFAULT)),
                0);
        assertThat(take(1, 0)).as("two rows, where one was asked for").hasSize(1);
    }
}
