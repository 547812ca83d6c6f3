package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.sampling.Abilities;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Networks of 100 bytes. */
class WantedNetworksTest {
    private static final Set<NetworkForm> NONE = Set.of();

    private static CheckpointRef checkpoint(int step) {
        return new CheckpointRef(
                "toy", step, "step-" + step, String.valueOf(step).repeat(64));
    }

    private static NetworkForm network(int step) {
        return new NetworkForm(checkpoint(step), Precision.FP32);
    }

    private static Set<NetworkForm> needed(int... steps) {
        Set<NetworkForm> needed = new LinkedHashSet<>();
        for (int step : steps) {
            needed.add(network(step));
        }
        return needed;
    }

    private static List<CommittedCheckpoint> serving(int step) {
        return List.of(committed(step));
    }

    private static CommittedCheckpoint committed(int step) {
        return new CommittedCheckpoint(
                checkpoint(step), List.of("a"), new Abilities(Prediction.NOISE, true, true, false));
    }

    private static WantedNetworks within(long bytes) {
        WantedNetworks wanted = new WantedNetworks(4, bytes, Precision.FP32);
        wanted.learn(network(1), 100);
        return wanted;
    }

    @Nested
    class WithinABudget {
        @Test
        void keepsWhatWasUsedWhileThereIsRoomTheMostRecentlyUsedFirst() {
            WantedNetworks wanted = within(399);
            wanted.choose(serving(1), null, NONE);
            wanted.choose(serving(2), null, NONE);
            assertThat(wanted.choose(serving(3), null, NONE)).containsExactly(network(3), network(2), network(1));
            wanted.choose(serving(3), null, needed(1));
            assertThat(wanted.choose(serving(3), checkpoint(4), NONE))
                    .as("1 was used after 2")
                    .containsExactly(network(3), network(4), network(1));
            wanted.forgetIdle();
            assertThat(wanted.choose(serving(3), null, NONE)).containsExactly(network(3));
        }

        @Test
        void keepsNoCandidateThatWasNeverUsed() {
            WantedNetworks wanted = within(1000);
            wanted.choose(serving(1), checkpoint(2), NONE);
            assertThat(wanted.choose(serving(1), null, NONE)).containsExactly(network(1));
        }

        @Test
        void takesWhatRequestsNeedBeforeWhatWasUsedAndCountsWhatWaits() {
            WantedNetworks wanted = within(250);
            wanted.choose(serving(1), null, NONE);
            assertThat(wanted.choose(serving(2), null, needed(3, 4))).containsExactly(network(2), network(3));
            assertThat(wanted.choose(serving(2), null, needed(2, 3, 4))).containsExactly(network(2), network(3));
            assertThat(wanted.waiting()).isEqualTo(1);
            assertThat(wanted.choose(serving(2), checkpoint(5), needed(2, 3, 4)))
                    .as("a candidate goes before")
                    .containsExactly(network(2), network(5));
            assertThat(wanted.waiting()).isEqualTo(2);
        }

        @Test
        void letsAServingOneThatNobodyNeedsMakeWay() {
            WantedNetworks wanted = within(150);
            assertThat(wanted.choose(serving(1), null, needed(2))).containsExactly(network(2));
            assertThat(wanted.choose(serving(1), null, needed(2, 1))).containsExactly(network(1));
            assertThat(wanted.choose(serving(1), null, NONE)).containsExactly(network(1));
        }

        @Test
        void choosesSeveralServingOnesMostImportantFirst() {
            List<CommittedCheckpoint> both = List.of(committed(1), committed(2));
            assertThat(within(150).choose(both, null, NONE)).containsExactly(network(1));
            assertThat(within(250).choose(both, checkpoint(3), NONE)).containsExactly(network(1), network(3));
            assertThat(within(350).choose(both, checkpoint(3), NONE))
                    .containsExactly(network(1), network(3), network(2));
        }

        @Test
        void guessesTheSizeOfOneThatNobodyHasStagedFromItsModel() {
            WantedNetworks wanted = within(250);
            NetworkForm half = new NetworkForm(checkpoint(2), Precision.BF16);
            Set<NetworkForm> needed = new LinkedHashSet<>(List.of(network(2), network(3), half));
            assertThat(wanted.choose(serving(1), null, needed))
                    .as("a half fits into what is left")
                    .containsExactly(network(1), network(2), half);
            wanted.learn(network(2), 160);
            assertThat(wanted.choose(serving(1), null, needed)).containsExactly(network(2), half);
        }

        @Test
        void saysWhyACandidateHasNoRoomBesideTheServingOneOnceItsSizeIsKnown() {
            WantedNetworks wanted = new WantedNetworks(4, 250L << 20, Precision.FP32);
            wanted.learn(network(1), 100L << 20);
            assertThat(wanted.lackOfRoom(serving(1), checkpoint(2)))
                    .as("guessed")
                    .isNull();
            wanted.learn(network(2), 150L << 20);
            assertThat(wanted.lackOfRoom(serving(1), checkpoint(2))).isNull();
            wanted.learn(network(2), 151L << 20);
            assertThat(wanted.lackOfRoom(serving(1), checkpoint(2)))
                    .isEqualTo("its network needs 151 MiB beside the 100 MiB of checkpoint 11111111, which serves, but"
                            + " the memory budget of an engine is 250 MiB: raise it (--memory-budget), or use a"
                            + " smaller network or precision bf16");
            assertThat(wanted.lackOfRoom(List.of(), checkpoint(2))).isNull();
        }
    }
}
