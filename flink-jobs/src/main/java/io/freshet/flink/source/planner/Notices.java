package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.RequestEnded;
import io.freshet.schemas.avro.RequestPlanned;
import io.freshet.schemas.avro.RequestRejected;
import io.freshet.schemas.avro.RequestRepeated;
import io.freshet.schemas.avro.SamplerOutput;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The records that the planner speaks through. */
final class Notices {
    /** A refused message larger than this is reported without its bytes: it would not fit into one remote call. */
    private static final int MAX_FORWARDED_BYTES = 4 << 20;

    private Notices() {}

    static SamplerOutput planned(PlannedRequest request, long nowMillis) {
        return new SamplerOutput(RequestPlanned.newBuilder()
                .setRequestId(request.requestId())
                .setCount(request.count())
                .setPurpose(request.purpose())
                .setCheckpointStep(request.checkpoint().step())
                .setCheckpointSha256(request.checkpoint().sha256())
                .setRequestClass(request.terms().requestClass())
                .setAtMillis(nowMillis)
                .build());
    }

    /** @param handedOut samples that readers have been given */
    static SamplerOutput ended(AcceptedId request, long handedOut, boolean expired, String reason, long nowMillis) {
        return new SamplerOutput(RequestEnded.newBuilder()
                .setRequestId(request.requestId())
                .setCount(request.count())
                .setHandedOut(handedOut)
                .setExpired(expired)
                .setReason(reason)
                .setRequestClass(request.requestClass())
                .setAtMillis(nowMillis)
                .build());
    }

    static SamplerOutput repeated(String requestId, long nowMillis) {
        return new SamplerOutput(new RequestRepeated(requestId, nowMillis));
    }

    static SamplerOutput rejected(RawMessage message, @Nullable String requestId, Rejection rejection, long nowMillis) {
        byte[] key = message.key();
        byte[] value = message.value();
        int bytes = (key == null ? 0 : key.length) + (value == null ? 0 : value.length);
        boolean forwarded = bytes <= MAX_FORWARDED_BYTES;
        return new SamplerOutput(RequestRejected.newBuilder()
                .setRequestId(requestId)
                .setCode(rejection.code())
                .setReason(
                        forwarded
                                ? rejection.reason()
                                : rejection.reason() + " (the message's " + bytes + " bytes are left out here)")
                .setTopic(message.partition().topic())
                .setPartition(message.partition().partition())
                .setOffset(message.offset())
                .setTimestampMillis(message.timestampMillis())
                .setKey(forwarded && key != null ? ByteBuffer.wrap(key) : null)
                .setValue(forwarded && value != null ? ByteBuffer.wrap(value) : null)
                .setAtMillis(nowMillis)
                .build());
    }

    static SamplerOutput committed(
            CheckpointRef checkpoint,
            double percent,
            StagingTimes times,
            SwapTimes.Swap swap,
            boolean batchInvariant,
            long nowMillis) {
        return new SamplerOutput(decided(checkpoint, CheckpointOutcome.COMMITTED, nowMillis)
                .setPercent(percent)
                .setAnnouncedAtMillis(swap.announcedAtMillis())
                .setCommitMillis(swap.commitMillis())
                .setBatchInvariant(batchInvariant)
                .setVerifyMillis(times.verifyMillis())
                .setStageMillis(times.stageMillis())
                .setWarmMillis(times.warmMillis())
                .build());
    }

    static SamplerOutput routed(CheckpointRef checkpoint, double percent, String reason, long nowMillis) {
        return new SamplerOutput(decided(checkpoint, CheckpointOutcome.ROUTED, nowMillis)
                .setPercent(percent)
                .setReason(reason)
                .setVerifyMillis(0)
                .setStageMillis(0)
                .setWarmMillis(0)
                .build());
    }

    static SamplerOutput refused(CheckpointRef checkpoint, String reason, SwapTimes.Swap swap, long nowMillis) {
        return new SamplerOutput(decided(checkpoint, CheckpointOutcome.REFUSED, nowMillis)
                .setAnnouncedAtMillis(swap.announcedAtMillis())
                .setReason(reason)
                .setVerifyMillis(0)
                .setStageMillis(0)
                .setWarmMillis(0)
                .build());
    }

    /** Bytes that a notice adds to a parcel, nearly. */
    static int sizeOf(SamplerOutput notice) {
        if (!(notice.getPayload() instanceof RequestRejected rejected)) {
            return 500;
        }
        ByteBuffer key = rejected.getKey();
        ByteBuffer value = rejected.getValue();
        return 500 + (key == null ? 0 : key.remaining()) + (value == null ? 0 : value.remaining());
    }

    private static CheckpointEvent.Builder decided(
            CheckpointRef checkpoint, CheckpointOutcome outcome, long nowMillis) {
        return CheckpointEvent.newBuilder()
                .setModel(checkpoint.model())
                .setStep(checkpoint.step())
                .setSha256(checkpoint.sha256())
                .setOutcome(outcome)
                .setAtMillis(nowMillis);
    }
}
