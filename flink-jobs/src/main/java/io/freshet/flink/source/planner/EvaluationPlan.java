package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.ServiceTerms;
import io.freshet.sampling.Guidance;
import io.freshet.sampling.Inference;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.StagedCheckpoint;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestClass;
import java.util.List;

/** The request that the job makes itself of a new checkpoint. Stateless. */
final class EvaluationPlan {
    private EvaluationPlan() {}

    /**
     * A request for the images that judge a checkpoint: in the precision that it was staged in, with the whole network evaluated every
     * time, so that all images that are measured together are made alike.
     *
     * @param evaluation of one image or more
     */
    static PlannedRequest of(StagedCheckpoint staged, PlannerOptions.Evaluation evaluation) {
        CheckpointRef checkpoint = staged.checkpoint();
        SamplerSettings fitting = evaluation.settings(staged.abilities().prediction());
        Guidance guidance = staged.abilities().hasNullLabel() ? fitting.guidance() : Guidance.asPublished(1);
        SamplerSettings settings = new SamplerSettings(
                fitting.kind(), fitting.steps(), fitting.eta(), guidance, new Inference(staged.precision(), 1));
        return new PlannedRequest(
                RequestJudge.EVALUATION_PREFIX + checkpoint.model() + "-" + checkpoint.step() + "-"
                        + checkpoint.shortSha(),
                evaluation.samples(),
                evaluation.seed(),
                List.of(),
                settings,
                checkpoint,
                Purpose.EVALUATION,
                ServiceTerms.of(RequestClass.EVALUATION));
    }
}
