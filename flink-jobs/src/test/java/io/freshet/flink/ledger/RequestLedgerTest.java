package io.freshet.flink.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.flink.testing.SampleImage;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestEnded;
import io.freshet.schemas.avro.RequestPlanned;
import io.freshet.schemas.avro.RequestRejected;
import io.freshet.schemas.avro.RequestRepeated;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.avro.SamplerOutput;
import java.util.List;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RequestLedgerTest {
    private KeyedOneInputStreamOperatorTestHarness<String, SamplerOutput, RequestStatus> harness;

    @BeforeEach
    void open() throws Exception {
        harness = harness();
        harness.open();
        harness.setProcessingTime(5_000);
    }

    @AfterEach
    void close() throws Exception {
        harness.close();
    }

    private static KeyedOneInputStreamOperatorTestHarness<String, SamplerOutput, RequestStatus> harness()
            throws Exception {
        return new KeyedOneInputStreamOperatorTestHarness<>(
                new KeyedProcessOperator<>(new RequestLedger()), RequestLedger::keyOf, Types.STRING);
    }

    private void plan(String id, long count) throws Exception {
        harness.processElement(
                new SamplerOutput(
                        new RequestPlanned(id, count, Purpose.REQUEST, 7L, "ab", RequestClass.INTERACTIVE, 3_000L)),
                0);
    }

    private void image(String id, long index, long count) throws Exception {
        harness.processElement(new SamplerOutput(SampleImage.of(id, index, count, RequestClass.INTERACTIVE, 0)), 0);
    }

    private List<String> statuses() {
        return harness.extractOutputValues().stream()
                .map(s -> s.getState() + " " + s.getDone() + "/" + s.getCount())
                .toList();
    }

    @Test
    void reportsPlannedThenRunningByTenthsThenCompleted() throws Exception {
        plan("r", 20);
        for (int i = 0; i < 20; i++) {
            image("r", i, 20);
        }
        assertThat(statuses())
                .startsWith("PLANNED 0/20", "RUNNING 1/20", "RUNNING 3/20", "RUNNING 5/20")
                .endsWith("RUNNING 19/20", "COMPLETED 20/20")
                .hasSize(12);
        RequestStatus last = harness.extractOutputValues().get(11);
        assertThat(last.getDurationMillis()).as("from planning to completion").isEqualTo(2_000);
        assertThat(harness.numKeyedStateEntries())
                .as("state after completion: the last status")
                .isEqualTo(1);
    }

    @Test
    void completesInWhateverOrderPlanAndImagesArrive() throws Exception {
        image("r", 1, 2);
        image("r", 0, 2);
        assertThat(statuses()).doesNotContain("COMPLETED 2/2");
        plan("r", 2);
        assertThat(statuses()).endsWith("COMPLETED 2/2").doesNotContain("PLANNED 0/2");
        assertThat(harness.numKeyedStateEntries())
                .as("state after completion: the last status")
                .isEqualTo(1);
    }

    private void end(String id, long count, boolean expired) throws Exception {
        harness.processElement(
                new SamplerOutput(
                        new RequestEnded(id, count, 1L, expired, "wanted no more", RequestClass.BULK, 4_000L)),
                0);
    }

    @Test
    void takesNothingBackThatAnEarlierReleaseCompleted() throws Exception {
        end("completed", 0, false);
        assertThat(statuses())
                .as("statuses of a request of which nothing is known")
                .isEmpty();
        plan("begun", 2);
        end("begun", 0, false);
        assertThat(statuses()).containsExactly("PLANNED 0/2", "CANCELLED 0/0");
    }

    private void repeat(String id) throws Exception {
        harness.processElement(new SamplerOutput(new RequestRepeated(id, 5_000L)), 0);
    }

    @Test
    void reportsWhatIsTakenBackAndCountsWhatHadLeftItsEngineBefore() throws Exception {
        plan("r", 20);
        image("r", 0, 20);
        end("r", 20, false);
        image("r", 1, 20);
        repeat("r");
        assertThat(statuses())
                .containsExactly("PLANNED 0/20", "RUNNING 1/20", "CANCELLED 1/20", "CANCELLED 2/20", "CANCELLED 2/20");
        RequestStatus cancelled = harness.extractOutputValues().get(2);
        assertThat(cancelled.getReason()).isEqualTo("wanted no more");
        assertThat(cancelled.getCheckpointSha256()).isEqualTo("ab");
        assertThat(cancelled.getDurationMillis()).isEqualTo(1_000);
        end("e", 3, true);
        assertThat(statuses()).endsWith("EXPIRED 0/3");
    }

    @Test
    void staysTakenBackWhenTheNewsThatItWasPlannedComesLater() throws Exception {
        end("r", 20, false);
        plan("r", 20);
        assertThat(statuses()).containsExactly("CANCELLED 0/20");
    }

    @Test
    void staysCompletedWhenItIsTakenBackTooLate() throws Exception {
        plan("r", 1);
        image("r", 0, 1);
        end("r", 1, false);
        assertThat(statuses()).containsExactly("PLANNED 0/1", "COMPLETED 1/1", "COMPLETED 1/1");
    }

    @Test
    void answersARequestThatComesAgainForAWeek() throws Exception {
        plan("r", 1);
        image("r", 0, 1);
        harness.setStateTtlProcessingTime(RequestLedger.REMEMBERED.toMillis() - 1);
        repeat("r");
        assertThat(statuses()).endsWith("COMPLETED 1/1").hasSize(3);
        harness.setStateTtlProcessingTime(RequestLedger.REMEMBERED.toMillis() + 1);
        repeat("r");
        repeat("unknown");
        assertThat(statuses()).as("after a week").hasSize(3);
    }

    @Test
    void goesOnCountingAfterARestore() throws Exception {
        plan("r", 2);
        image("r", 0, 2);
        OperatorSubtaskState state = harness.snapshot(1, 1);
        harness.close();
        harness = harness();
        harness.initializeState(state);
        harness.open();
        image("r", 1, 2);
        assertThat(statuses()).containsExactly("COMPLETED 2/2");
    }

    @Test
    void reportsARefusalWithItsReasonUnderThePlaceWhereNoIdCouldBeRead() throws Exception {
        harness.processElement(
                new SamplerOutput(RequestRejected.newBuilder()
                        .setCode("not-json")
                        .setReason("found '}'")
                        .setTopic("in")
                        .setPartition(2)
                        .setOffset(9)
                        .setTimestampMillis(0)
                        .setAtMillis(77)
                        .build()),
                0);
        assertThat(harness.extractOutputValues()).singleElement().satisfies(status -> {
            assertThat(status.getRequestId()).isEqualTo("in-2-9");
            assertThat(status.getReason()).isEqualTo("not-json: found '}'");
            assertThat(status.getUpdatedAtMillis()).isEqualTo(77);
        });
    }
}
