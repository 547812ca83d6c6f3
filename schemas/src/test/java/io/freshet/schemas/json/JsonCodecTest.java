package io.freshet.schemas.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.schemas.avro.CheckpointAnnouncement;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import io.freshet.schemas.avro.RequestPlanned;
import io.freshet.schemas.avro.RequestRejected;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.avro.SamplerOutput;
import io.freshet.schemas.avro.test.Outer;
import io.freshet.schemas.avro.test.WithMap;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonCodecTest {
    private static final JsonCodec<GenerationRequest> REQUESTS = JsonCodec.of(GenerationRequest.class);
    private static final JsonCodec<RequestStatus> STATUSES = JsonCodec.of(RequestStatus.class);

    @Nested
    class RoundTrip {
        @ParameterizedTest
        @ValueSource(
                classes = {
                    CheckpointAnnouncement.class,
                    CheckpointEvent.class,
                    GeneratedImage.class,
                    GenerationRequest.class,
                    MetricReport.class,
                    RequestStatus.class,
                    RequestPlanned.class,
                    RequestRejected.class,
                    Outer.class
                })
        <T extends SpecificRecord> void keepsEveryValueOfEveryRecord(Class<T> type) throws Exception {
            JsonCodec<T> codec = JsonCodec.of(type);
            RandomRecords records = new RandomRecords(11);
            for (int i = 0; i < 300; i++) {
                T record = records.next(type);
                assertThat(codec.decode(codec.encode(record))).isEqualTo(record);
            }
        }

        @Test
        void isTheSameForThreadsThatShareACodec() throws Exception {
            JsonCodec<GeneratedImage> codec = JsonCodec.of(GeneratedImage.class);
            GeneratedImage shared = new RandomRecords(12).next(GeneratedImage.class);
            Callable<GeneratedImage> roundTrip = () -> codec.decode(codec.encode(shared));
            ExecutorService threads = Executors.newFixedThreadPool(4);
            try {
                for (var result : threads.invokeAll(
                        IntStream.range(0, 400).mapToObj(i -> roundTrip).toList())) {
                    assertThat(result.get()).isEqualTo(shared);
                }
            } finally {
                threads.shutdownNow();
            }
        }
    }

    @Nested
    class Writing {
        @Test
        void usesNoWrappersAndKeepsTheOrderOfTheSchema() {
            RequestStatus status = RequestStatus.newBuilder()
                    .setRequestId("r-1")
                    .setState(RequestState.RUNNING)
                    .setCount(8)
                    .setDone(3)
                    .setCheckpointStep(200L)
                    .setUpdatedAtMillis(1_700_000_000_000L)
                    .build();

            assertThat(new String(STATUSES.encode(status), StandardCharsets.UTF_8))
                    .isEqualTo("{\"requestId\":\"r-1\",\"state\":\"RUNNING\",\"count\":8,\"done\":3,"
                            + "\"checkpointStep\":200,\"checkpointSha256\":null,\"reason\":null,"
                            + "\"durationMillis\":null,\"requestClass\":null,\"updatedAtMillis\":1700000000000}");
        }

        @Test
        void writesBytesAsStandardBase64AndLeavesTheBufferAlone() throws Exception {
            RequestRejected rejected = new RandomRecords(13).next(RequestRejected.class);
            ByteBuffer value = ByteBuffer.wrap(new byte[] {0, (byte) 0xfb, (byte) 0xff, (byte) 0xfe, 1, 2});
            value.position(1);
            rejected.setValue(value);

            JsonNode json = new ObjectMapper()
                    .readTree(JsonCodec.of(RequestRejected.class).encode(rejected));

            assertThat(json.get("value").textValue()).isEqualTo("+//+AQI=");
            assertThat(value.position()).isEqualTo(1);
        }

        @ParameterizedTest
        @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
        void refusesNumbersThatJsonDoesNotHave(double distance) {
            MetricReport report = new RandomRecords(14).next(MetricReport.class);
            report.setFrechetDistance(distance);

            assertThatThrownBy(() -> JsonCodec.of(MetricReport.class).encode(report))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("MetricReport.frechetDistance: found " + distance)
                    .hasMessageContaining("expected a finite number");
        }

        @Test
        void namesTheFieldThatWasNeverSet() {
            RequestStatus status = new RequestStatus();

            assertThatThrownBy(() -> STATUSES.encode(status))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("RequestStatus.requestId: found null, expected CharSequence");
        }
    }

    @Nested
    class Reading {
        @Test
        void fillsAbsentFieldsFromTheSchema() throws Exception {
            GenerationRequest request = request("{\"requestId\": \"r-1\", \"count\": 3}");

            assertThat(request)
                    .isEqualTo(GenerationRequest.newBuilder()
                            .setRequestId("r-1")
                            .setCount(3)
                            .build());
            assertThat(request.getSteps()).isEqualTo(50);
            assertThat(request.getCheckpoint()).isEqualTo("latest");
            assertThat(request.getGuidedChannels()).isEqualTo("first-three");
            assertThat(request.getGuidanceMinNoise()).isZero();
            assertThat(request.getGuidanceMaxNoise()).isNull();
        }

        @Test
        void givesEveryRecordDefaultsOfItsOwn() throws Exception {
            GenerationRequest first = request("{\"requestId\": \"r-1\", \"count\": 3}");
            first.getClasses().add("circle");

            assertThat(request("{\"requestId\": \"r-2\", \"count\": 3}").getClasses())
                    .isEmpty();
        }

        @Test
        void takesFieldsInAnyOrderAndWholeNumbersForFractions() throws Exception {
            GenerationRequest request = request(
                    " {\"guidance\": 2,\n\"classes\": [\"ring\", \"star\"], \"count\": 3, \"requestId\": \"x\"}\n");

            assertThat(request.getGuidance()).isEqualTo(2.0);
            assertThat(request.getClasses()).containsExactly("ring", "star");
        }

        @Test
        void takesNullForANullableField() throws Exception {
            RequestStatus status = STATUSES.decode(utf8("{\"requestId\":\"r\",\"state\":\"PLANNED\",\"count\":1,"
                    + "\"done\":0,\"reason\":null,\"durationMillis\":7,\"updatedAtMillis\":1}"));

            assertThat(status.getReason()).isNull();
            assertThat(status.getDurationMillis()).isEqualTo(7L);
        }

        @Test
        void readsMetricScopes() throws Exception {
            JsonCodec<MetricReport> codec = JsonCodec.of(MetricReport.class);
            MetricReport report = new RandomRecords(15).next(MetricReport.class);
            report.setScope(MetricScope.WINDOW);

            assertThat(codec.decode(codec.encode(report)).getScope()).isSameAs(MetricScope.WINDOW);
        }

        private GenerationRequest request(String json) throws InvalidRecordException {
            return REQUESTS.decode(utf8(json));
        }
    }

    @Nested
    class UnsupportedRecords {
        @Test
        void areRefusedWhenTheCodecIsMade() {
            assertThatThrownBy(() -> JsonCodec.of(SamplerOutput.class))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("io.freshet.schemas.avro.RequestPlanned")
                    .hasMessageContaining("has no JSON form without wrappers: expected null and one other type");
            assertThatThrownBy(() -> JsonCodec.of(WithMap.class))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("Avro type 'map' has no JSON form here");
        }
    }

    @Nested
    class Peeking {
        @Test
        void findsTheRequestIdOfABrokenMessage() {
            assertThat(JsonCodec.peekString(
                            utf8("{\"a\":{\"requestId\":\"no\"},\"requestId\":\"r-7\",oops"), "requestId"))
                    .contains("r-7");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"", "hello", "[\"requestId\"]", "{\"requestId\":7}", "{oops,\"requestId\":\"r\"}", "{}"})
        void findsNothingWhereThereIsNothing(String message) {
            assertThat(JsonCodec.peekString(utf8(message), "requestId")).isEmpty();
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
