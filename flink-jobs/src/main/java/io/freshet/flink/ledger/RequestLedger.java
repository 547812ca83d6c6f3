package io.freshet.flink.ledger;

import io.freshet.flink.audit.DeclaresState;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.RequestEnded;
import io.freshet.schemas.avro.RequestPlanned;
import io.freshet.schemas.avro.RequestRejected;
import io.freshet.schemas.avro.RequestRepeated;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.avro.SamplerOutput;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * Counts the images of each request and reports where it stands: planned, running (at the first image and then at every tenth
 * part, but at least every thousand), completed, or taken back. Keyed by {@link #keyOf}.
 *
 * <p>What is told of a request and its images come through different readers and so in any order; a request is completed when all of it
 * has arrived. The last status is kept for {@link #REMEMBERED}, to answer a request that comes again, and so that a request that has
 * ended stays so.
 */
public final class RequestLedger extends KeyedProcessFunction<String, SamplerOutput, RequestStatus>
        implements DeclaresState {
    /** How long after its last change a request's status can still be asked for. */
    public static final Duration REMEMBERED = Duration.ofDays(7);

    private static final long serialVersionUID = 1;
    private static final long MOST_BETWEEN_REPORTS = 1_000;
    private static final long CLEAN_UP_AFTER_QUERIES = 1_000;

    private transient @Nullable ValueState<LedgerEntry> entries;
    private transient @Nullable ValueState<RequestStatus> lastStatuses;

    /** The request that a record is about; of a refused message without one, where the message stood. */
    public static String keyOf(SamplerOutput output) {
        Object payload = output.getPayload();
        if (payload instanceof GeneratedImage image) {
            return image.getRequestId();
        } else if (payload instanceof RequestPlanned planned) {
            return planned.getRequestId();
        } else if (payload instanceof RequestEnded ended) {
            return ended.getRequestId();
        } else if (payload instanceof RequestRepeated repeated) {
            return repeated.getRequestId();
        } else if (payload instanceof RequestRejected rejected) {
            String id = rejected.getRequestId();
            return id != null ? id : rejected.getTopic() + "-" + rejected.getPartition() + "-" + rejected.getOffset();
        }
        throw new IllegalArgumentException("A " + payload.getClass().getSimpleName() + " is about no request");
    }

    @Override
    public void open(OpenContext openContext) {
        entries = getRuntimeContext().getState(describeEntries());
        lastStatuses = getRuntimeContext().getState(describeLastStatuses());
    }

    @Override
    public List<StateDescriptor<?, ?>> stateDescriptors() {
        return List.of(describeEntries(), describeLastStatuses());
    }

    private static ValueStateDescriptor<LedgerEntry> describeEntries() {
        return new ValueStateDescriptor<>("ledger", TypeInformation.of(LedgerEntry.class));
    }

    private static ValueStateDescriptor<RequestStatus> describeLastStatuses() {
        ValueStateDescriptor<RequestStatus> last =
                new ValueStateDescriptor<>("last-status", new AvroTypeInfo<>(RequestStatus.class));
        last.enableTimeToLive(StateTtlConfig.newBuilder(REMEMBERED)
                .cleanupInRocksdbCompactFilter(CLEAN_UP_AFTER_QUERIES)
                .build());
        return last;
    }

    @Override
    public void processElement(SamplerOutput output, Context context, Collector<RequestStatus> out) throws Exception {
        long now = context.timerService().currentProcessingTime();
        Object payload = output.getPayload();
        if (payload instanceof GeneratedImage image) {
            count(image, now, out);
        } else if (payload instanceof RequestPlanned planned) {
            plan(planned, now, out);
        } else if (payload instanceof RequestEnded ended) {
            end(ended, out);
        } else if (payload instanceof RequestRepeated) {
            RequestStatus last = lastStatuses().value();
            if (last != null) {
                out.collect(last);
            }
        } else if (payload instanceof RequestRejected rejected) {
            // Not kept: the id is still free.
            out.collect(status(context.getCurrentKey(), RequestState.REJECTED, 0, 0)
                    .setReason(rejected.getCode() + ": " + rejected.getReason())
                    .setUpdatedAtMillis(rejected.getAtMillis())
                    .build());
        }
    }

    private void plan(RequestPlanned planned, long now, Collector<RequestStatus> out) throws Exception {
        if (hasEnded()) {
            return;
        }
        LedgerEntry entry = current().planned(planned.getAtMillis());
        RequestStatus.Builder status = status(planned.getRequestId(), RequestState.PLANNED, planned.getCount(), 0)
                .setCheckpointStep(planned.getCheckpointStep())
                .setCheckpointSha256(planned.getCheckpointSha256())
                .setRequestClass(planned.getRequestClass());
        if (entry.done() == 0) {
            tell(
                    status.setDurationMillis(0L)
                            .setUpdatedAtMillis(planned.getAtMillis())
                            .build(),
                    out);
        }
        report(entry, status, now, out);
    }

    private void count(GeneratedImage image, long now, Collector<RequestStatus> out) throws Exception {
        LedgerEntry entry = current().oneMore();
        RequestStatus last = lastStatuses().value();
        if (last != null && isEnd(last.getState())) {
            // It had left its engine before the engine heard that the request was taken back.
            tell(
                    RequestStatus.newBuilder(last)
                            .setDone(last.getDone() + 1)
                            .setUpdatedAtMillis(now)
                            .build(),
                    out);
            return;
        }
        report(
                entry,
                status(image.getRequestId(), RequestState.RUNNING, image.getCount(), entry.done())
                        .setCheckpointStep(image.getCheckpointStep())
                        .setCheckpointSha256(image.getCheckpointSha256())
                        .setRequestClass(image.getRequestClass()),
                now,
                out);
    }

    private void end(RequestEnded ended, Collector<RequestStatus> out) throws Exception {
        RequestStatus last = lastStatuses().value();
        if (last != null && isEnd(last.getState())) {
            // Whoever wanted it back learns that it was too late.
            out.collect(last);
            return;
        }
        if (last == null && ended.getCount() == 0 && entries().value() == null) {
            // An earlier release accepted it and remembered no more than its id; it was completed then, and that status
            // is the truth.
            return;
        }
        LedgerEntry entry = current();
        RequestStatus.Builder status = status(
                        ended.getRequestId(),
                        ended.getExpired() ? RequestState.EXPIRED : RequestState.CANCELLED,
                        ended.getCount(),
                        entry.done())
                .setReason(ended.getReason())
                .setRequestClass(ended.getRequestClass())
                .setDurationMillis(
                        entry.isPlanned() ? Math.max(0, ended.getAtMillis() - entry.plannedAtMillis()) : null)
                .setUpdatedAtMillis(ended.getAtMillis());
        if (last != null) {
            status.setCheckpointStep(last.getCheckpointStep()).setCheckpointSha256(last.getCheckpointSha256());
        }
        tell(status.build(), out);
        entries().clear();
    }

    private void report(LedgerEntry entry, RequestStatus.Builder status, long now, Collector<RequestStatus> out)
            throws Exception {
        long count = status.getCount();
        boolean completed = entry.isPlanned() && entry.done() >= count;
        boolean running = !completed
                && entry.done() > entry.reported()
                && (entry.reported() == 0 || entry.done() - entry.reported() >= between(count));
        if (completed || running) {
            tell(
                    status.setState(completed ? RequestState.COMPLETED : RequestState.RUNNING)
                            .setDone(entry.done())
                            .setDurationMillis(entry.isPlanned() ? Math.max(0, now - entry.plannedAtMillis()) : null)
                            .setUpdatedAtMillis(now)
                            .build(),
                    out);
        }
        if (completed) {
            entries().clear();
        } else {
            entries().update(running ? entry.reportedNow() : entry);
        }
    }

    private void tell(RequestStatus status, Collector<RequestStatus> out) throws Exception {
        lastStatuses().update(status);
        out.collect(status);
    }

    private boolean hasEnded() throws Exception {
        RequestStatus last = lastStatuses().value();
        return last != null && isEnd(last.getState());
    }

    private static boolean isEnd(RequestState state) {
        return switch (state) {
            case COMPLETED, CANCELLED, EXPIRED -> true;
            case PLANNED, RUNNING, REJECTED -> false;
        };
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
        LedgerEntry entry = entries().value();
        return entry == null ? LedgerEntry.NEW : entry;
    }

    private ValueState<LedgerEntry> entries() {
        return Objects.requireNonNull(entries, "open() was not called");
    }

    private ValueState<RequestStatus> lastStatuses() {
        return Objects.requireNonNull(lastStatuses, "open() was not called");
    }
}
