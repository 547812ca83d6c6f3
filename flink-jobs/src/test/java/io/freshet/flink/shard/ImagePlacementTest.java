package io.freshet.flink.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.freshet.flink.testing.SampleImage;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.RequestClass;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class ImagePlacementTest {
    private static final ShardOptions WITHOUT_SHARDS = new ShardOptions(null, 10, 100);
    private static final ShardOptions WITH_SHARDS = WITHOUT_SHARDS.withRoot("file:///data");

    private record Placed(GeneratedImage message, GeneratedImage sharded) {}

    private static Placed place(ShardOptions options, GeneratedImage image) throws Exception {
        try (var harness =
                new OneInputStreamOperatorTestHarness<>(new ProcessOperator<>(new ImagePlacement(options)))) {
            harness.open();
            harness.processElement(image, 0);
            var sharded = harness.getSideOutput(ImagePlacement.SHARDED);
            return new Placed(
                    harness.extractOutputValues().get(0),
                    sharded == null ? null : sharded.element().getValue());
        }
    }

    private static GeneratedImage image(RequestClass requestClass, int bytes) {
        return SampleImage.of("a.b", 25, 30, requestClass, bytes);
    }

    @Test
    void putsAnImageIntoItsMessageWhereItFits() throws Exception {
        GeneratedImage image = image(RequestClass.INTERACTIVE, 100);
        assertThat(place(WITH_SHARDS, image)).isEqualTo(new Placed(image, null));
        GeneratedImage bulk = image(RequestClass.BULK, 100);
        assertThat(place(WITHOUT_SHARDS, bulk)).as("without shards").isEqualTo(new Placed(bulk, null));
    }

    @Test
    void putsBulkAndLargeImagesIntoShardsAndTheReferenceIntoTheMessage() throws Exception {
        for (GeneratedImage image :
                new GeneratedImage[] {image(RequestClass.BULK, 5), image(RequestClass.EVALUATION, 101)}) {
            GeneratedImage untouched = GeneratedImage.newBuilder(image).build();
            Placed placed = place(WITH_SHARDS, image);
            assertThat(placed.sharded().getPng()).as("bytes in the shard").isEqualTo(image.getPng());
            assertThat(placed.message().getPng().remaining())
                    .as("bytes in the message")
                    .isZero();
            for (GeneratedImage each : new GeneratedImage[] {placed.message(), placed.sharded()}) {
                assertThat(each.getShard()).isEqualTo("a=b/shard-000002");
                assertThat(each.getMember()).isEqualTo("a=b-000000025.png");
                assertThat(each.getWithheld()).isNull();
                assertThat(each.getIndex()).isEqualTo(25);
            }
            assertThat(image).as("what others see").isEqualTo(untouched);
        }
    }

    @Test
    void saysSoWhereALargeImageHasNoPlace() throws Exception {
        Placed placed = place(WITHOUT_SHARDS, image(RequestClass.INTERACTIVE, 101));
        assertThat(placed.sharded()).isNull();
        assertThat(placed.message().getPng().remaining()).isZero();
        assertThat(placed.message().getShard()).isNull();
        assertThat(placed.message().getWithheld())
                .isEqualTo(
                        "Its PNG file has 101 bytes, more than the 100 that this job puts into a message. Start the job"
                                + " with --shards, or with a larger --max-image-bytes");
    }

    @Test
    void isToldWhereInAWayThatCanBe() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WITHOUT_SHARDS.withRoot("/data/shards"))
                .withMessageContaining("has no scheme: expected a URI such as file:///data/shards");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ShardOptions(null, 0, 100))
                .withMessageContaining("shardSamples is 0: expected 1 to 1000000");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ShardOptions(null, 10, 7_000_000))
                .withMessageContaining("maxImageBytes is 7000000: expected 1 to 6279168");
    }

    @Test
    void keepsToWhatAProducerSends() {
        assertThat(ShardOptions.NONE.fitting(1_048_576)).as("Kafka's default").isEqualTo(ShardOptions.NONE);
        assertThat(ShardOptions.NONE.fitting(100_000).maxImageBytes()).isEqualTo(62_712);
        assertThat(ShardOptions.NONE.fitting(10).maxImageBytes()).isEqualTo(1);
    }
}
