package io.freshet.flink.shard;

import io.freshet.schemas.avro.RequestEnded;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.util.Collector;

/** Tells each shard of a request that was taken back, as far as it may have begun; a shard by its directory. */
public final class EndedShards implements FlatMapFunction<RequestEnded, String> {
    private static final long serialVersionUID = 1;

    private final int shardSamples;

    public EndedShards(ShardOptions options) {
        this.shardSamples = options.shardSamples();
    }

    @Override
    public void flatMap(RequestEnded ended, Collector<String> out) {
        if (!ImagePlacement.fillsShards(ended)) {
            return;
        }
        for (long first = 0, number = 0; first < ended.getHandedOut(); first += shardSamples, number++) {
            out.collect(ShardNames.shard(ended.getRequestId(), number));
        }
    }
}
