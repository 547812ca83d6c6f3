package io.freshet.app.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.schemas.avro.GenerationRequest;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChaosRequestsTest {
    private static final List<String> CLASSES = List.of("a", "b");

    private static List<GenerationRequest> requests(long seed, int from) {
        ChaosRequests requests = new ChaosRequests(seed, "x-", CLASSES);
        return IntStream.range(from, from + ChaosRequests.DIFFERENT)
                .mapToObj(requests::request)
                .toList();
    }

    @Test
    void areTheSameForTheSameSeedAndOthersForAnother() {
        assertThat(requests(3, 0)).isEqualTo(requests(3, 0)).isNotEqualTo(requests(4, 0));
    }

    @Test
    void comeAgainUnderOtherIdsOnly() {
        List<GenerationRequest> first = requests(3, 0);
        List<GenerationRequest> second = requests(3, ChaosRequests.DIFFERENT);
        assertThat(first).as("settings").doesNotHaveDuplicates();
        for (int i = 0; i < first.size(); i++) {
            assertThat(second.get(i).getRequestId()).isEqualTo("x-" + (i + ChaosRequests.DIFFERENT));
            assertThat(GenerationRequest.newBuilder(second.get(i))
                            .setRequestId(first.get(i).getRequestId())
                            .build())
                    .isEqualTo(first.get(i));
        }
    }

    @Test
    void areOfEverySort() {
        List<GenerationRequest> some = requests(1, 0);
        assertThat(some)
                .extracting(GenerationRequest::getSampler)
                .contains("ddim", "ddpm", "dpmpp-2m", "dpmpp-2m-sde", "unipc");
        assertThat(some).extracting(GenerationRequest::getGuidance).contains(1.0, 2.5);
        assertThat(some).extracting(GenerationRequest::getFeatureCache).contains(1, 3);
        assertThat(some).extracting(GenerationRequest::getCount).contains(40L);
        assertThat(some).extracting(GenerationRequest::getCheckpoint).contains("latest", "step:1");
    }
}
