package io.freshet.flink.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SampleIdsTest {
    private static final FenceStateSerializer SERIALIZER = FenceStateSerializer.INSTANCE;

    private static SampleIds of(String requestId, long... indices) {
        SampleIds ids = new SampleIds();
        for (long index : indices) {
            ids.add(requestId, index);
        }
        return ids;
    }

    @Test
    void behaveAsASetDoes() {
        SplittableRandom random = new SplittableRandom(11);
        SampleIds ids = new SampleIds();
        Set<String> expected = new HashSet<>();
        for (int i = 0; i < 20_000; i++) {
            String request = "r" + random.nextInt(3);
            long index = random.nextInt(4) * 1_000_000_007L + random.nextInt(300);
            String id = request + "#" + index;
            switch (random.nextInt(3)) {
                case 0 -> assertThat(ids.add(request, index)).as("new %s", id).isEqualTo(expected.add(id));
                case 1 ->
                    assertThat(ids.remove(request, index)).as("removed %s", id).isEqualTo(expected.remove(id));
                default ->
                    assertThat(ids.contains(request, index)).as("has %s", id).isEqualTo(expected.contains(id));
            }
        }
        assertThat(ids.size()).isEqualTo(expected.size());
    }

    @Test
    void uniteAndSubtractAndAreEmptyInTheEnd() {
        SampleIds ids = of("a", 1, 2, 5_000);
        ids.addAll(of("b", 7));
        ids.removeAll(of("a", 2, 5_000, 5_001));
        assertThat(ids).isNotEqualTo(of("a", 1));
        ids.removeAll(of("b", 7));
        assertThat(ids).as("what is left of a and b").isEqualTo(of("a", 1));
        ids.remove("a", 1);
        assertThat(ids.isEmpty()).as("empty").isTrue();
    }

    @Test
    void takeABitEachWhereIndicesLieTogether() throws Exception {
        SampleIds ids = of("a", LongStream.range(0, 1_000_000).toArray());
        byte[] bytes = SERIALIZER.serialize(new FenceState("t", Map.of(), ids, new SampleIds()));
        assertThat(bytes.length).as("bytes of a million samples").isLessThan(130_000);
    }

    @Test
    void areKeptInTheStateOfTheFence() throws Exception {
        FenceState state = new FenceState("images", Map.of(0, 17L, 3, 4L), of("a", 0, 4095, 4096), of("b", 1L << 40));
        assertThat(SERIALIZER.deserialize(1, SERIALIZER.serialize(state))).isEqualTo(state);
    }

    @Test
    void areRefusedInADamagedState() throws Exception {
        byte[] good = SERIALIZER.serialize(new FenceState("images", Map.of(0, 17L), of("a", 1), of("b", 2)));
        for (int length = 0; length < good.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(good, length);
            assertThatThrownBy(() -> SERIALIZER.deserialize(1, cut))
                    .as("cut to %d bytes", length)
                    .isInstanceOf(IOException.class);
        }
        byte[] longer = java.util.Arrays.copyOf(good, good.length + 1);
        assertThatThrownBy(() -> SERIALIZER.deserialize(1, longer)).hasMessageContaining("bytes behind its end");
        assertThatThrownBy(() -> SERIALIZER.deserialize(2, good)).hasMessageContaining("has version 2: expected 1");
    }
}
