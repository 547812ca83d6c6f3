package io.freshet.flink.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.flink.testing.SampleImage;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestEnded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.local.LocalDataOutputStream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.co.KeyedCoProcessOperator;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardFunctionTest {
    private static final int SAMPLES = 4;

    @TempDir
    Path root;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private ShardOptions options(int samples) {
        return new ShardOptions(root.toUri().toString(), samples, 1_000);
    }

    private KeyedTwoInputStreamOperatorTestHarness<String, GeneratedImage, String, GeneratedImage> shards(
            OperatorSubtaskState state, int samples) throws Exception {
        var harness = new KeyedTwoInputStreamOperatorTestHarness<>(
                new KeyedCoProcessOperator<>(new ShardFunction(options(samples))),
                GeneratedImage::getShard,
                shard -> shard,
                Types.STRING);
        opened.add(harness);
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
        return harness;
    }

    private static GeneratedImage image(String requestId, long index, long count, RequestClass requestClass) {
        GeneratedImage image = SampleImage.of(requestId, index, count, requestClass, 10);
        image.setShard(ShardNames.shardOf(requestId, index, SAMPLES));
        image.setMember(ShardNames.member(requestId, index));
        return image;
    }

    private static void come(
            KeyedTwoInputStreamOperatorTestHarness<String, GeneratedImage, String, GeneratedImage> shards,
            long count,
            int... indices)
            throws Exception {
        for (int index : indices) {
            shards.processElement1(image("r", index, count, RequestClass.BULK), 0);
        }
    }

    private static void end(
            KeyedTwoInputStreamOperatorTestHarness<String, GeneratedImage, String, GeneratedImage> shards,
            long handedOut)
            throws Exception {
        List<String> notices = new ArrayList<>();
        new EndedShards(new ShardOptions(null, SAMPLES, 1_000))
                .flatMap(
                        new RequestEnded("r", 100L, handedOut, false, "enough", RequestClass.BULK, 0L),
                        new Collector<>() {
                            @Override
                            public void collect(String shard) {
                                notices.add(shard);
                            }

                            @Override
                            public void close() {}
                        });
        for (String shard : notices) {
            shards.processElement2(shard, 0);
        }
    }

    private static List<Long> passed(
            KeyedTwoInputStreamOperatorTestHarness<String, GeneratedImage, String, GeneratedImage> shards) {
        return shards.extractOutputValues().stream()
                .map(GeneratedImage::getIndex)
                .toList();
    }

    @Test
    void passOnAShardWhenItIsCompleteAndInOrder() throws Exception {
        var shards = shards(null, SAMPLES);
        come(shards, 10, 3, 9, 0, 5, 1);
        assertThat(passed(shards)).as("while each lacks some").isEmpty();
        come(shards, 10, 2);
        assertThat(passed(shards)).as("the first is complete").containsExactly(0L, 1L, 2L, 3L);
        come(shards, 10, 8, 7, 6, 4);
        assertThat(passed(shards))
                .as("the last one, which is shorter, and the second")
                .containsExactly(0L, 1L, 2L, 3L, 8L, 9L, 4L, 5L, 6L, 7L);
        assertThat(shards.numKeyedStateEntries()).as("state left").isZero();
    }

    @Test
    void keepTheirImagesThroughACheckpoint() throws Exception {
        var before = shards(null, SAMPLES);
        come(before, 10, 2, 0);
        OperatorSubtaskState state = before.snapshot(1, 1);
        var after = shards(state, SAMPLES);
        come(after, 10, 3, 1);
        assertThat(passed(after)).containsExactly(0L, 1L, 2L, 3L);
        assertThat(after.extractOutputValues().get(2)).isEqualTo(image("r", 2, 10, RequestClass.BULK));
    }

    @Test
    void areCutAsTheyWereWhenTheirStateWasMade() throws Exception {
        var before = shards(null, SAMPLES);
        OperatorSubtaskState state = before.snapshot(1, 1);
        assertThatThrownBy(() -> shards(state, 5))
                .hasStackTraceContaining("--shard-samples is 5, but the state was made with 4");
    }

    @Test
    void arePassedOnAsTheyAreWhenTheirRequestEnds() throws Exception {
        var shards = shards(null, SAMPLES);
        come(shards, 100, 0, 1, 2, 3, 6, 4);
        end(shards, 9);
        assertThat(passed(shards)).as("the second without two").containsExactly(0L, 1L, 2L, 3L, 4L, 6L);
        come(shards, 100, 5, 8);
        assertThat(passed(shards)).as("late ones, at once").endsWith(5L, 8L).hasSize(8);
    }

    @Test
    void passOnLargeImagesOfOtherRequestsAtOnce() throws Exception {
        var shards = shards(null, SAMPLES);
        shards.processElement1(image("r", 2, 10, RequestClass.INTERACTIVE), 0);
        assertThat(passed(shards)).containsExactly(2L);
    }

    @Test
    void leaveOutWhatAFinishedFileHolds() throws Exception {
        Path shard = Files.createDirectories(root.resolve("r").resolve("shard-000000"));
        write(shard.resolve("samples-0.tar"), 0, 2);
        write(shard.resolve(".samples-1.tar.inprogress.1"), 3);
        var shards = shards(null, SAMPLES);
        come(shards, 10, 0, 1, 2, 3);
        assertThat(passed(shards)).as("the hidden file is not finished").containsExactly(1L, 3L);
    }

    @Test
    void sayWhichFileCannotBeRead() throws Exception {
        Path shard = Files.createDirectories(root.resolve("r").resolve("shard-000000"));
        write(shard.resolve("samples-0.tar"), 0, 2);
        byte[] whole = Files.readAllBytes(shard.resolve("samples-0.tar"));
        Files.write(shard.resolve("samples-0.tar"), java.util.Arrays.copyOf(whole, 700));
        var shards = shards(null, SAMPLES);
        assertThatThrownBy(() -> come(shards, 10, 0, 1, 2, 3)).hasStackTraceContaining("samples-0.tar cannot be read");
    }

    @Test
    void doNotWaitForEver() throws Exception {
        var shards = shards(null, SAMPLES);
        shards.setProcessingTime(1_000);
        come(shards, 10, 1, 3);
        shards.setProcessingTime(1_000 + ShardFunction.LONGEST_WAIT.toMillis());
        assertThat(passed(shards)).containsExactly(1L, 3L);
        come(shards, 10, 0, 2);
        assertThat(passed(shards)).as("the rest, when it is complete").containsExactly(1L, 3L, 0L, 2L);
        assertThat(shards.numKeyedStateEntries()).as("state left").isZero();
    }

    @Test
    void areEqualByteForByteWhenTheirImagesAre() throws Exception {
        Path one = write(root.resolve("one.tar"), 0, 1, 2);
        Path other = write(root.resolve("other.tar"), 0, 1, 2);
        assertThat(other).hasSameBinaryContentAs(one);
    }

    private static Path write(Path file, int... indices) throws IOException {
        try (FSDataOutputStream out = new LocalDataOutputStream(file.toFile())) {
            var tar = new TarFile.Factory().create(out);
            for (int index : indices) {
                tar.addElement(image("r", index, 10, RequestClass.BULK));
            }
            tar.finish();
        }
        return file;
    }

    @Test
    void haveNamesThatNoOtherRequestsHave() {
        String alphabet = "aA0._-:";
        SplittableRandom random = new SplittableRandom(5);
        List<String> ids = IntStream.range(0, 2_000)
                .mapToObj(i -> IntStream.range(0, 1 + random.nextInt(5))
                        .mapToObj(c -> String.valueOf(alphabet.charAt(random.nextInt(alphabet.length()))))
                        .collect(Collectors.joining()))
                .distinct()
                .toList();
        assertThat(ids.stream().map(id -> ShardNames.shard(id, 3)))
                .doesNotHaveDuplicates()
                .allSatisfy(name -> assertThat(name).matches("[A-Za-z0-9_=@-]+/shard-000003"));
        assertThat(ShardNames.member("v1.2:cats", 7)).isEqualTo("v1=2@cats-000000007.png");
        assertThat(ShardNames.recordBeside("v1=2@cats-000000007.png")).isEqualTo("v1=2@cats-000000007.json");
    }
}
