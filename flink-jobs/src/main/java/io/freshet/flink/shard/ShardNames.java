package io.freshet.flink.shard;

import java.util.Locale;

/**
 * Names of shards and of what is in them. They follow from the request and the sample's index alone, and two requests never share one.
 *
 * <p>Of the characters that a request's id may have, '.' and ':' are replaced, by '=' and '@', which it may not have: readers of
 * WebDataset take everything behind the first '.' for the kind of a file, '.' and '..' are directories, and ':' is not allowed in
 * file names everywhere.
 */
public final class ShardNames {
    private ShardNames() {}

    /** Directory of the shard, under the root, that holds a sample: shard k has samples k·S to (k+1)·S − 1. */
    static String shardOf(String requestId, long index, int shardSamples) {
        return shard(requestId, index / shardSamples);
    }

    /** Directory of a request's shard, under the root. */
    static String shard(String requestId, long number) {
        return String.format(Locale.ROOT, "%s/shard-%06d", safe(requestId), number);
    }

    /** File name of a sample in its tar file. */
    static String member(String requestId, long index) {
        return String.format(Locale.ROOT, "%s-%09d.png", safe(requestId), index);
    }

    /** File name of the record beside a sample. */
    static String recordBeside(String member) {
        return member.substring(0, member.length() - ".png".length()) + ".json";
    }

    private static String safe(String requestId) {
        return requestId.replace('.', '=').replace(':', '@');
    }
}
