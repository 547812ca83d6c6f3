package io.freshet.flink.job;

import io.freshet.flink.delivery.DeliveryFence;
import io.freshet.flink.shard.EndedShards;
import io.freshet.flink.shard.ImagePlacement;
import io.freshet.flink.shard.ShardFunction;
import io.freshet.flink.shard.ShardOptions;
import io.freshet.flink.shard.ShardSink;
import io.freshet.flink.sink.ExactlyOnceSinks;
import io.freshet.flink.sink.JsonRecords;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.RequestEnded;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;

/**
 * The way of images out of the job.
 *
 * <pre>
 * images ─▶ placement ─┬─▶ delivery fence ─▶ images sink
 *                      └─▶ shards ─▶ shards sink
 * ends ───────────────────────┘
 * </pre>
 */
final class ImageDelivery {
    private final SamplingJobOptions options;
    private final ExactlyOnceSinks sinks;

    ImageDelivery(SamplingJobOptions options, ExactlyOnceSinks sinks) {
        this.options = options;
        this.sinks = sinks;
    }

    /**
     * @param images all of them
     * @param ends of requests that were taken back
     */
    void deliver(DataStream<GeneratedImage> images, DataStream<RequestEnded> ends) {
        ShardOptions shards = options.shards().fitting(sinks.maxRequestBytes());
        AvroTypeInfo<GeneratedImage> type = new AvroTypeInfo<>(GeneratedImage.class);
        SingleOutputStreamOperator<GeneratedImage> placed = images.process(new ImagePlacement(shards))
                .returns(type)
                .name("placement")
                .uid("placement");
        placed.transform(
                        "delivery fence",
                        type,
                        new DeliveryFence(
                                options.bootstrapServers(),
                                options.kafkaProperties(),
                                options.topics().images()))
                .uid("delivery-fence")
                .sinkTo(sinks.to(new JsonRecords<>(
                        options.topics().images(), GeneratedImage.class, GeneratedImage::getRequestId)))
                .name("images sink")
                .uid("images-sink");
        if (shards.root() != null) {
            writeShards(placed.getSideOutput(ImagePlacement.SHARDED), ends, shards, type);
        }
    }

    private void writeShards(
            DataStream<GeneratedImage> sharded,
            DataStream<RequestEnded> ends,
            ShardOptions shards,
            AvroTypeInfo<GeneratedImage> type) {
        DataStream<String> ended = ends.flatMap(new EndedShards(shards))
                .returns(Types.STRING)
                .name("ended shards")
                .uid("ended-shards");
        SingleOutputStreamOperator<GeneratedImage> whole = sharded.keyBy(GeneratedImage::getShard, Types.STRING)
                .connect(ended.keyBy(shard -> shard, Types.STRING))
                .process(new ShardFunction(shards), type)
                .name("shards")
                .uid("shards");
        options.placement().placeBeside(whole);
        whole.sinkTo(ShardSink.create(shards)).name("shards sink").uid("shards-sink");
    }
}
