package io.freshet.flink.shard;

import java.io.Serializable;
import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Which images are delivered in tar files rather than in messages.
 *
 * @param root URI of the directory under which shards are written, which every TaskManager sees; null for none, and then all images go
 *     into messages as far as they fit
 * @param shardSamples samples in a shard of a bulk request; stays as it is for the lifetime of the state
 * @param maxImageBytes size of the largest PNG file that goes into a message, if the producer's limit allows it
 */
public record ShardOptions(@Nullable String root, int shardSamples, int maxImageBytes) implements Serializable {
    /** No shards; images go into messages up to what a broker takes that is not told otherwise. */
    public static final ShardOptions NONE = new ShardOptions(null, 1_000, 750_000);

    /** Beside the image: the longest id, names, and numbers. */
    private static final int RECORD_BYTES = 16 << 10;

    private static final int LARGEST_MESSAGE = 8 << 20;

    public ShardOptions {
        if (root != null) {
            requireAbsolute(root);
        }
        if (shardSamples < 1 || shardSamples > 1_000_000) {
            throw new IllegalArgumentException("shardSamples is " + shardSamples + ": expected 1 to 1000000");
        }
        if (maxImageBytes < 1 || messageBytes(maxImageBytes) > LARGEST_MESSAGE) {
            throw new IllegalArgumentException("maxImageBytes is " + maxImageBytes + ": expected 1 to "
                    + (LARGEST_MESSAGE - RECORD_BYTES) / 4 * 3 + ", for no message may be longer than 8 MiB");
        }
    }

    private static void requireAbsolute(String root) {
        try {
            if (new URI(root).isAbsolute()) {
                return;
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    "The root of shards is '" + root + "', which is no URI: expected one such as file:///data/shards",
                    e);
        }
        throw new IllegalArgumentException("The root of shards is '" + root
                + "', which has no scheme: expected a URI such as file:///data/shards or s3://bucket/shards");
    }

    /** With shards under a root. */
    public ShardOptions withRoot(String uri) {
        return new ShardOptions(uri, shardSamples, maxImageBytes);
    }

    /**
     * With images in messages no larger than a message of some length takes.
     *
     * @param maxRequestBytes the longest that a producer sends
     */
    public ShardOptions fitting(long maxRequestBytes) {
        long largest = Math.max(1, (maxRequestBytes - RECORD_BYTES) / 4 * 3);
        return largest >= maxImageBytes ? this : new ShardOptions(root, shardSamples, (int) largest);
    }

    /** Base64 takes four characters for three bytes. */
    private static int messageBytes(int imageBytes) {
        return Math.toIntExact((imageBytes + 2L) / 3 * 4 + RECORD_BYTES);
    }
}
