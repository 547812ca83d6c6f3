package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.diffusion.Prediction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rows that an engine refuses. */
class EngineSubmissionTest extends EngineHarness {
    private SamplingEngine engine;

    @BeforeEach
    void load() {
        engine = loadedEngine(2, 3);
    }

    @Test
    void ofARowWhoseCheckpointIsNotResidentIsRefused() {
        assertThatThrownBy(() -> engine.submit(SampleRow.start(task("r", 7, 0, QUICK, 9))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Sample 7 of request 'r' needs checkpoint 'toy-00000009' (sha256 "
                        + ToyDenoiser.ref(9).sha256()
                        + "), which is not resident in fp32: stage it and wait for its future");
        assertThat(engine.isIdle()).isTrue();
    }

    @Test
    void beyondTheFreeRowsIsRefused() {
        engine.submit(SampleRow.start(task("r", 0, 0, GUIDED, 0)));
        assertThatThrownBy(() -> engine.submit(SampleRow.start(task("r", 1, 0, GUIDED, 0))))
                .hasMessage("Sample 1 of request 'r' takes 2 network rows, but 1 of 3 are free: submit it when others"
                        + " have finished");
        engine.submit(SampleRow.start(task("r", 1, 0, QUICK, 0)));
        assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32)).isZero();
    }

    @Test
    void ofARowThatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> engine.submit(SampleRow.start(task("r", 0, 4, QUICK, 0))))
                .hasMessage("Sample 0 of request 'r' has label 4, but checkpoint 'toy-00000000' has 4 classes, from 0");
        assertThatThrownBy(() -> engine.submit(new SampleRow(task("r", 0, 0, QUICK, 0), 1, new float[5])))
                .hasMessage("Sample 0 of request 'r' has a latent of 5 values, but checkpoint 'toy-00000000' works on"
                        + " 27");
        assertThatThrownBy(() -> engine.submit(new SampleRow(task("r", 0, 0, QUICK, 0), 2, new float[27])))
                .hasMessage("Sample 0 of request 'r' has 2 evaluations behind it, but 'ddim' of 2 steps takes 2 in all:"
                        + " there is nothing left to do");
        assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                .as("nothing was taken")
                .isEqualTo(3);
    }

    @Test
    void ofARowWithTheHistoryOfAnotherSamplerIsRefused() {
        SampleTask task = task("r", 0, 0, new SamplerSettings(SamplerKind.UNIPC, 5, 0, 1), 0);
        assertThatThrownBy(() -> engine.submit(new SampleRow(task, 1, new float[27], new float[1][27])))
                .hasMessage(
                        "Sample 0 of request 'r' comes with a history of 1 arrays, but 'unipc' of 5 steps keeps 3: go"
                                + " on with it by the build that it was saved by, or start it anew");
        assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                .as("nothing was taken")
                .isEqualTo(3);
        engine.submit(new SampleRow(task, 1, new float[27], new float[3][27]));
    }

    @Test
    void ofARowWhoseSamplerCannotDrawFromTheNetworkIsRefused() {
        loader.get(0).prediction = Prediction.VELOCITY;
        assertThatThrownBy(() -> engine.submit(SampleRow.start(task("r", 0, 0, QUICK, 0))))
                .hasMessage("Sample 0 of request 'r' cannot be drawn from checkpoint 'toy-00000000': sampler is 'ddim',"
                        + " which draws from networks that predict noise, but the checkpoint predicts velocity:"
                        + " expected 'auto' or one of 'flow-euler', 'flow-heun', 'flow-midpoint', 'flow-rk4',"
                        + " 'flow-sde', 'flow-sde-heun'");
        assertThat(engine.isIdle()).isTrue();
    }

    @Test
    void ofMalformedRowsAndTasksFailsWhereTheyAreMade() {
        SampleTask task = task("r", 0, 0, QUICK, 0);
        assertThatThrownBy(() -> new SampleRow(task, -1, new float[27]))
                .hasMessage("evaluationsDone is -1: expected at least 0");
        assertThatThrownBy(() -> new SampleRow(task, 1, new float[0])).hasMessageContaining("latent of 0 values");
        assertThatThrownBy(() -> new SampleRow(task, 0, new float[27])).hasMessageContaining("latent of 27 values");
        assertThatThrownBy(() -> new SampleRow(task, 1, new float[27], new float[][] {new float[27], new float[26]}))
                .hasMessage("Array 1 of a row's history has 26 values: expected those of its latent, 27");
        assertThatThrownBy(() -> new SampleRow(task, 0, new float[0], new float[1][0]))
                .hasMessage("A row with no evaluation done has a history of 1 arrays: expected none");
        assertThatThrownBy(() -> task("r", -1, 0, QUICK, 0)).hasMessageContaining("index -1");
        assertThatThrownBy(() -> task("r", 0, -1, QUICK, 0)).hasMessageContaining("Label -1");
    }
}
