package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.sampling.Abilities;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckpointCatalogTest {
    private final CheckpointCatalog catalog = new CheckpointCatalog(PlannerState.empty());
    private final Traffic traffic = new Traffic(catalog, PlannerState.empty());

    private void commit(String model, long step, String sha256Start) {
        String sha256 = (sha256Start + "0".repeat(64)).substring(0, 64);
        catalog.announce(new CheckpointRef(model, step, "step-" + step, sha256));
        traffic.committed(catalog.commitCandidate(
                        List.of("circle"), new Abilities(Prediction.NOISE, true, true, false), traffic::needs)
                .checkpoint());
    }

    private String select(String selector) throws Rejection {
        return traffic.select(null, selector, "r").checkpoint().sha256().substring(0, 10);
    }

    private void assertRefused(String selector, String code, String words) {
        assertThatExceptionOfType(Rejection.class)
                .as(selector)
                .isThrownBy(() -> traffic.select(null, selector, "r"))
                .withMessageContaining(words)
                .satisfies(r -> assertThat(r.code()).isEqualTo(code));
    }

    @Test
    void findsByStepByHashAndTheLatest() throws Rejection {
        commit("run", 10, "aaaaaaaa01");
        commit("run", 20, "aaaaaaaa02");
        commit("run", 20, "bbbbbbbb03");
        assertThat(select("latest")).isEqualTo("bbbbbbbb03");
        assertThat(select("step:10")).isEqualTo("aaaaaaaa01");
        assertThat(select("step:20"))
                .as("of two of one step the one committed last")
                .isEqualTo("bbbbbbbb03");
        assertThat(select("sha256:AAAAAAAA02")).isEqualTo("aaaaaaaa02");
        assertRefused("sha256:aaaaaaaa", "ambiguous-checkpoint", "2 committed checkpoints");
        assertRefused("sha256:aaaaaaa", "invalid-checkpoint", "at least 8 digits");
        assertRefused("sha256:cccccccc", "unknown-checkpoint", "step:20");
        assertRefused("step:11", "unknown-checkpoint", "step:20, step:20, step:10");
        assertRefused("newest\n", "invalid-checkpoint", "'newest?'");
    }

    @Test
    void looksAmongTheCheckpointsOfTheModelThatIsNamed() throws Rejection {
        commit("first", 10, "aaaaaaaa01");
        commit("second", 10, "aaaaaaaa02");
        assertThat(traffic.select("first", "latest", "r").checkpoint().model()).isEqualTo("first");
        assertThat(traffic.select("first", "step:10", "r").checkpoint().model()).isEqualTo("first");
        assertThat(traffic.select("second", "sha256:aaaaaaaa", "r").checkpoint().model())
                .isEqualTo("second");
        assertThatExceptionOfType(Rejection.class)
                .isThrownBy(() -> traffic.select("third", "latest", "r"))
                .withMessage("model is 'third', of which no checkpoint has been committed; there are first, second");
        assertThatExceptionOfType(Rejection.class)
                .isThrownBy(() -> traffic.select("first", "step:11", "r"))
                .withMessageStartingWith(
                        "checkpoint is 'step:11': no committed checkpoint of model 'first' is of that step");
    }

    @Test
    void letsACheckpointOfAnotherRunServeWhateverItsStep() throws Rejection {
        commit("first", 1000, "aaaaaaaa01");
        commit("second", 10, "bbbbbbbb02");
        assertThat(select("latest")).isEqualTo("bbbbbbbb02");
    }

    @Test
    void forgetsTheOldestButNeverTheServingOne() throws Rejection {
        commit("run", 1_000_000, "ffffffff");
        for (int step = 0; step < 1500; step++) {
            commit("run", step, String.format("%08x", step));
        }
        assertThat(catalog.committed()).as("remembered").hasSize(1000);
        assertThat(select("latest")).isEqualTo("ffffffff00");
    }
}
