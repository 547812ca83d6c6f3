package io.freshet.app.bench.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.app.chaos.ChaosFigures;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResumePartTest {
    private static Map<String, Figure> figures(
            long delivered, long distinct, long mismatched, double longest, double lost, long resumed) {
        return new ResumePart(6)
                .figures(new ChaosFigures(
                        100,
                        delivered,
                        distinct,
                        mismatched,
                        6,
                        5,
                        longest,
                        6,
                        1,
                        Map.of(),
                        resumed,
                        lost,
                        1,
                        0,
                        60,
                        null));
    }

    @Test
    void reachesItsTargetsWhereNothingIsLostButWorkOfLessThanAnInterval() {
        assertThat(figures(100, 100, 0, 9.9, 1.9, 1).values())
                .extracting(Figure::pass)
                .doesNotContain(false)
                .contains(true);
    }

    @Test
    void missesEachByItself() {
        assertThat(figures(100, 100, 0, 10.1, 1, 1).get("resumeSecondsMax"))
                .extracting(Figure::pass)
                .isEqualTo(false);
        assertThat(figures(100, 100, 0, 5, 2.1, 1).get("resumeWorkLostSeconds"))
                .extracting(Figure::pass)
                .isEqualTo(false);
        assertThat(figures(100, 100, 0, 5, 1, 0).get("resumeRows"))
                .extracting(Figure::pass)
                .isEqualTo(false);
        assertThat(figures(101, 100, 0, 5, 1, 1).get("resumeImagesWrong").value())
                .as("one came twice")
                .isEqualTo(1);
        assertThat(figures(99, 99, 2, 5, 1, 1).get("resumeImagesWrong").value())
                .as("one missing, two different")
                .isEqualTo(3);
    }
}
