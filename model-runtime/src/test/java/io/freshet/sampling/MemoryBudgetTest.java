package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An engine that may hold 250 bytes, and networks of 100. */
@Timeout(60)
class MemoryBudgetTest {
    private final ToyDenoiser.Loader loader = new ToyDenoiser.Loader()
            .with(1, new ToyDenoiser(3, true, 0.9))
            .with(2, new ToyDenoiser(3, true, 0.4))
            .with(3, new ToyDenoiser(3, true, 0.2));
    private final SamplingEngine engine =
            new SamplingEngine(new EngineOptions(List.of(2, 4)).withMemoryBudget(250), loader);

    @AfterEach
    void close() {
        engine.close();
    }

    private StagedCheckpoint stage(long step) {
        return engine.stage(ToyDenoiser.ref(step)).join();
    }

    @Test
    void reportsWhatANetworkTakesAndWhatAllDo() {
        loader.weightBytes = 100;
        assertThat(stage(1).weightBytes()).isEqualTo(100);
        stage(2);
        assertThat(engine.residentBytes()).isEqualTo(200);
    }

    @Test
    void stagesNothingBeyondItAndDoesSoOnceThereIsRoom() {
        loader.weightBytes = 100;
        stage(1);
        stage(2);
        assertThatThrownBy(() -> stage(3))
                .cause()
                .isInstanceOfSatisfying(NoRoomException.class, e -> {
                    assertThat(e.weightBytes()).isEqualTo(100);
                    assertThat(e.isForever()).isFalse();
                })
                .hasMessage(
                        "The network of checkpoint 'toy-00000003' in fp32 needs 1 MiB, but 1 of the memory budget of 1"
                                + " MiB are taken: stage it when others have been unloaded, or raise it (--memory-budget)");
        assertThat(loader.get(3).calls).as("not even loaded").isEmpty();
        engine.retainOnly(Set.of(new NetworkForm(ToyDenoiser.ref(2), Precision.FP32)));
        assertThat(stage(3).checkpoint()).isEqualTo(ToyDenoiser.ref(3));
        assertThat(loader.get(1).closed)
                .as("its memory was free before the next was staged")
                .isTrue();
        assertThat(engine.residentBytes()).isEqualTo(200);
    }

    @Test
    void refusesForGoodWhatExceedsItAlone() {
        loader.weightBytes = 300;
        assertThatThrownBy(() -> stage(1))
                .cause()
                .isInstanceOfSatisfying(
                        NoRoomException.class, e -> assertThat(e.isForever()).isTrue())
                .hasMessage("The network of checkpoint 'toy-00000001' in fp32 needs 1 MiB, but the memory budget of an"
                        + " engine is 1 MiB: raise it (--memory-budget), or use a smaller network or precision bf16");
    }
}
