package io.freshet.flink.evaluation;

import java.util.List;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.jspecify.annotations.Nullable;

/**
 * Keyed state of a statistic: features as they came, appended cheaply, beside the bytes of the statistic that has taken in all
 * before them. A statistic of d features has about 4 d² bytes, so it is read and written once per many samples.
 */
final class FeatureBuffer {
    private final ListState<float[]> rows;
    private final ValueState<Integer> size;
    private final ValueState<Long> stored;
    private final ValueState<byte[]> statistic;

    FeatureBuffer(RuntimeContext context) {
        rows = context.getListState(describeRows());
        size = context.getState(describeSize());
        stored = context.getState(describeStored());
        statistic = context.getState(describeStatistic());
    }

    /** All state that a buffer has. */
    static List<StateDescriptor<?, ?>> describe() {
        return List.of(describeRows(), describeSize(), describeStored(), describeStatistic());
    }

    private static ListStateDescriptor<float[]> describeRows() {
        return new ListStateDescriptor<>("rows", PrimitiveArrayTypeInfo.FLOAT_PRIMITIVE_ARRAY_TYPE_INFO);
    }

    private static ValueStateDescriptor<Integer> describeSize() {
        return new ValueStateDescriptor<>("size", Types.INT);
    }

    private static ValueStateDescriptor<Long> describeStored() {
        return new ValueStateDescriptor<>("stored", Types.LONG);
    }

    private static ValueStateDescriptor<byte[]> describeStatistic() {
        return new ValueStateDescriptor<>("statistic", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
    }

    /** Appends a row and returns how many there are. */
    int append(float[] features) throws Exception {
        Integer before = size.value();
        int now = before == null ? 1 : before + 1;
        rows.add(features);
        size.update(now);
        return now;
    }

    /** Rows appended since the last {@link #clear}. */
    long total() throws Exception {
        Integer waiting = size.value();
        Long before = stored.value();
        return (waiting == null ? 0 : waiting) + (before == null ? 0 : before);
    }

    /** Rows appended since the last {@link #store}. */
    Iterable<float[]> rows() throws Exception {
        return rows.get();
    }

    /** The statistic of all rows before; null where there is none. */
    byte @Nullable [] statistic() throws Exception {
        return statistic.value();
    }

    /** Replaces the statistic, which has taken in all rows, and drops those. */
    void store(byte[] bytes) throws Exception {
        stored.update(total());
        statistic.update(bytes);
        rows.clear();
        size.clear();
    }

    void clear() {
        statistic.clear();
        stored.clear();
        rows.clear();
        size.clear();
    }
}
