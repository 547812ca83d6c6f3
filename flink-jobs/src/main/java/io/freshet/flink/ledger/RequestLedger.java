package io.freshet.flink.ledger;

import io.freshet.flink.audit.DeclaresState;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.RequestPlanned;
import io.freshet.schemas.avro.RequestRejected;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.avro.SamplerOutput;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * Counts the images of each request and reports where it stands: planned, running (at the first image and then at every tenth
 * part, but at least every thousand), completed. Keyed by {@link #keyOf}.
 *
 * <p>The notice that a request was planned and its images come through different readers and so in any order; a request is
 * completed when both have arrived, and its state is cleared then.
 */
public final class RequestLedger extends KeyedProcessFunction<String, SamplerOutput, RequestStatus>
        implements DeclaresState {
    private static final long serialVersionUID = 1;
    private static final long MOST_BETWEEN_REPORTS = 1_000;

    private transient @Nullable ValueState<LedgerEntry> entries;

    /** The request that a record is about; of a refused message without one, where the message stood. */
    public static String keyOf(SamplerOutput output) {
        Object payload = output.getPayload();
        if (payload instanceof GeneratedImage image) {
            return image.getRequestId();
        } else if (payload instanceof RequestPlanned planned) {
            return planned.getRequestId();
        } else if (payload instanceof RequestRejected rejected) {
            String id = rejected.getRequestId();
            return id != null ? id : rejected.getTopic() + "-" + rejected.getPartition() + "-" + rejected.getOffset();
        }
        throw new IllegalArgumentException("A " + payload.getClass().getSimpleName() + " is about no request");
    }

    @Override
    public void open(OpenContext openContext) {
        entries = getRuntimeContext().getState(describe());
    }

    @Override
    public List<StateDescriptor<?, ?>> stateDescriptors() {
        return List.of(describe());
    }

    private static ValueStateDescriptor<LedgerEntry> describe() {
        return new ValueStateDescriptor<>("ledger", TypeInformation.of(LedgerEntry.class));
    }

    @Override
    public void processElement(SamplerOutput output, Context context, Collector<RequestStatus> out) throws Exception {
        long now = context.timerService().currentProcessingTime();
        Object payload = output.getPayload();
        if (payload instanceof GeneratedImage image) {
            count(image, now, out);
        } else if (payload instanceof RequestPlanned planned) {
            plan(planned, now, out);
        } else if (payload instanceof RequestRejected rejected) {
            out.collect(status(context.getCurrentKey(), RequestState.REJECTED, 0, 0)
                    .setReason(rejected.getCode() + ": " + rejected.getReason())
                    .setUpdatedAtMillis(rejected.getAtMillis())
                    .build());
        }
    }

    private void plan(RequestPlanned planned, long now, Collector<RequestStatus> out) throws Exception {
        LedgerEntry entry = current().planned(planned.getAtMillis());
        if (entry.done() == 0) {
            out.collect(status(planned.getRequestId(), RequestState.PLANNED, planned.getCount(), 0)
                    .setCheckpointStep(planned.getCheckpointStep())
                    .setCheckpointSha256(planned.getCheckpointSha256())
                    .setDurationMillis(0L)
                    .setUpdatedAtMillis(planned.getAtMillis())
                    .build());
        }
        report(
                entry,
                planned.getCount(),
                planned.getRequestId(),
                planned.getCheckpointStep(),
                planned.getCheckpointSha256(),
                now,
                out);
    }

    private void count(GeneratedImage image, long now, Collector<RequestStatus> out) throws Exception {
        report(
                current().oneMore(),
                image.getCount(),
                image.getRequestId(),
                image.getCheckpointStep(),
                image.getCheckpointSha256(),
                now,
                out);
    }

    private void report(
            LedgerEntry entry,
            long count,
            String requestId,
            long checkpointStep,
            String checkpointSha256,
            long now,
            Collector<RequestStatus> out)
            throws Exception {
        ValueState<LedgerEntry> state = state();
        boolean completed = entry.isPlanned() && entry.done() >= count;
        boolean running = !completed
                && entry.done() > entry.reported()
                && (entry.reported() == 0 || entry.done() - entry.reported() >= between(count));
        if (completed || running) {
            RequestState reached = completed ? RequestState.COMPLETED : RequestState.RUNNING;
            out.collect(status(requestId, reached, count, entry.done())
                    .setCheckpointStep(checkpointStep)
                    .setCheckpointSha256(checkpointSha256)
                    .setDurationMillis(entry.isPlanned() ? Math.max(0, now - entry.plannedAtMillis()) : null)
                    .setUpdatedAtMillis(now)
                    .build());
        }
        if (completed) {
            state.clear();
        } else {
            state.update(running ? entry.reportedNow() : entry);
        }
    }

    private static long between(long count) {
        return Math.max(1, Math.min(count / 10, MOST_BETWEEN_REPORTS));
    }

    private static RequestStatus.Builder status(String requestId, RequestState state, long count, long done) {
        return RequestStatus.newBuilder()
                .setRequestId(requestId)
                .setState(state)
                .setCount(count)
                .setDone(done);
    }

    private LedgerEntry current() throws Exception {
        LedgerEntry entry = state().value();
        return entry == null ? LedgerEntry.NEW : entry;
    }

    private ValueState<LedgerEntry> state() {
        return Objects.requireNonNull(entries, "open() was not called");
    }
}
