package io.freshet.flink.job;

import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GeneratedPreview;
import io.freshet.schemas.avro.RequestEnded;
import io.freshet.schemas.avro.RequestRejected;
import io.freshet.schemas.avro.SamplerOutput;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Sorts what leaves the source: images go on, all else to the side. */
final class OutputRouter extends ProcessFunction<SamplerOutput, GeneratedImage> {
    static final OutputTag<CheckpointEvent> CHECKPOINT_EVENTS =
            new OutputTag<>("checkpoint-events", new AvroTypeInfo<>(CheckpointEvent.class));
    static final OutputTag<RequestRejected> REJECTED =
            new OutputTag<>("rejected", new AvroTypeInfo<>(RequestRejected.class));

    static final OutputTag<RequestEnded> ENDED = new OutputTag<>("ended", new AvroTypeInfo<>(RequestEnded.class));

    static final OutputTag<GeneratedPreview> PREVIEWS =
            new OutputTag<>("previews", new AvroTypeInfo<>(GeneratedPreview.class));

    private static final long serialVersionUID = 1;

    @Override
    public void processElement(SamplerOutput output, Context context, Collector<GeneratedImage> out) {
        Object payload = output.getPayload();
        if (payload instanceof GeneratedImage image) {
            out.collect(image);
        } else if (payload instanceof CheckpointEvent event) {
            context.output(CHECKPOINT_EVENTS, event);
        } else if (payload instanceof RequestRejected rejected) {
            context.output(REJECTED, rejected);
        } else if (payload instanceof RequestEnded ended) {
            context.output(ENDED, ended);
        } else if (payload instanceof GeneratedPreview preview) {
            context.output(PREVIEWS, preview);
        }
    }
}
