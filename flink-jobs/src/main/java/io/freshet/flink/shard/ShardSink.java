package io.freshet.flink.shard;

import io.freshet.schemas.avro.GeneratedImage;
import java.util.Objects;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.OutputFileConfig;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.SimpleVersionedStringSerializer;

/**
 * Writes images to tar files, in a directory for each shard. A file appears under its name with the Flink checkpoint that covers it; until
 * then, or for ever if its attempt failed, its name begins with '.'.
 */
public final class ShardSink {
    private ShardSink() {}

    /** @param options with a root */
    public static FileSink<GeneratedImage> create(ShardOptions options) {
        String root = Objects.requireNonNull(options.root(), "Shards have no root");
        return FileSink.forBulkFormat(new Path(root), new TarFile.Factory())
                .withBucketAssigner(new ByShard())
                .withOutputFileConfig(OutputFileConfig.builder()
                        .withPartPrefix("samples")
                        .withPartSuffix(WrittenShards.SUFFIX)
                        .build())
                .build();
    }

    private static final class ByShard implements BucketAssigner<GeneratedImage, String> {
        private static final long serialVersionUID = 1;

        @Override
        public String getBucketId(GeneratedImage image, Context context) {
            return image.getShard();
        }

        @Override
        public SimpleVersionedSerializer<String> getSerializer() {
            return SimpleVersionedStringSerializer.INSTANCE;
        }
    }
}
