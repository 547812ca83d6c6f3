package io.freshet.flink.shard;

import io.freshet.flink.metric.JobMetric;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestEnded;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.apache.avro.Schema;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides where each image goes: into its message, or into a shard, where it is of a bulk request or too large for a message; the
 * message has the reference then. An image that is too large while there are no shards is withheld, and its message says so.
 */
public final class ImagePlacement extends ProcessFunction<GeneratedImage, GeneratedImage> {
    /** Images that go to shards, with their bytes and their place. */
    public static final OutputTag<GeneratedImage> SHARDED =
            new OutputTag<>("sharded", new AvroTypeInfo<>(GeneratedImage.class));

    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(ImagePlacement.class);
    private static final ByteBuffer NO_BYTES = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final ShardOptions options;
    private transient @Nullable Counter withheld;

    public ImagePlacement(ShardOptions options) {
        this.options = options;
    }

    @Override
    public void open(OpenContext openContext) {
        withheld = getRuntimeContext().getMetricGroup().counter(JobMetric.IMAGES_WITHHELD.metricName());
    }

    @Override
    public void processElement(GeneratedImage image, Context context, Collector<GeneratedImage> out) {
        boolean tooLarge = image.getPng().remaining() > options.maxImageBytes();
        boolean hasShards = options.root() != null;
        if (hasShards && (tooLarge || isWholeShards(image))) {
            GeneratedImage placed = copy(image);
            placed.setShard(ShardNames.shardOf(image.getRequestId(), image.getIndex(), options.shardSamples()));
            placed.setMember(ShardNames.member(image.getRequestId(), image.getIndex()));
            context.output(SHARDED, placed);
            out.collect(withoutBytes(placed));
        } else if (tooLarge) {
            out.collect(withheld(image));
        } else {
            out.collect(image);
        }
    }

    private GeneratedImage withheld(GeneratedImage image) {
        String reason = "Its PNG file has " + image.getPng().remaining() + " bytes, more than the "
                + options.maxImageBytes()
                + " that this job puts into a message. Start the job with --shards, or with a larger --max-image-bytes";
        Counter counter = Objects.requireNonNull(withheld, "open() was not called");
        if (counter.getCount() == 0) {
            LOG.warn("Image {} of request {} is withheld. {}", image.getIndex(), image.getRequestId(), reason);
        }
        counter.inc();
        GeneratedImage told = withoutBytes(image);
        told.setWithheld(reason);
        return told;
    }

    /** Whether its request's images fill shards, and so wait for each other; any other image is written when it comes. */
    static boolean isWholeShards(GeneratedImage image) {
        return image.getRequestClass() == RequestClass.BULK;
    }

    /** Whether shards have to be told of the end of this request. */
    public static boolean fillsShards(RequestEnded ended) {
        return ended.getRequestClass() == RequestClass.BULK;
    }

    /** The record of an image whose bytes are elsewhere. */
    static GeneratedImage withoutBytes(GeneratedImage image) {
        GeneratedImage reference = copy(image);
        reference.setPng(NO_BYTES.duplicate());
        return reference;
    }

    /** A copy that shares the bytes; the original may be in use by others behind the same operator. */
    private static GeneratedImage copy(GeneratedImage image) {
        GeneratedImage copy = new GeneratedImage();
        for (Schema.Field field : image.getSchema().getFields()) {
            copy.put(field.pos(), image.get(field.pos()));
        }
        return copy;
    }
}
