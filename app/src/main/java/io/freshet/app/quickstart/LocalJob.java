package io.freshet.app.quickstart;

import io.freshet.app.local.RunDirectory;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.evaluation.ShapesCnn;
import io.freshet.flink.job.SamplingJob;
import io.freshet.flink.job.SamplingJobOptions;
import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.model.autoencoder.AutoencoderChoice;
import io.freshet.model.autoencoder.DecodingLoader;
import io.freshet.schemas.Topics;
import io.freshet.script.TorchDevice;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;

/** The sampling job as a quickstart runs it: one engine, quick checkpoints, few restarts. */
final class LocalJob {
    /** How long finished images wait before they are visible. */
    private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(2);

    private static final int RESTARTS = 3;
    private static final int WINDOW_SAMPLES = 500;
    private static final int WINDOW_SLIDE = 100;

    private LocalJob() {}

    static StreamGraph graph(RunDirectory run, QuickstartOptions options, String bootstrapServers) {
        QuickstartOptions.Evaluation judging = options.evaluation();
        PlannerOptions.Evaluation evaluation = new PlannerOptions.Evaluation(
                judging.samples(),
                judging.seed(),
                judging.sampler(),
                judging.steps(),
                judging.eta(),
                judging.guidance());
        SamplingJobOptions settings = SamplingJobOptions.builder(bootstrapServers)
                .topics(Topics.DEFAULT)
                .checkpointInterval(CHECKPOINT_INTERVAL)
                .checkpointDirectory(run.flink().resolve("checkpoints").toUri().toString())
                .restartAttempts(RESTARTS)
                .planner(PlannerOptions.DEFAULT.withEvaluation(evaluation).withPrecision(options.precision()))
                .window(WINDOW_SAMPLES, WINDOW_SLIDE)
                .build();
        // The factories travel with the job, so they hold names, not paths.
        String store = run.checkpoints().toString();
        String device = options.device().toString();
        SamplingJob job = new SamplingJob(
                settings,
                () -> new DecodingLoader(
                        new CheckpointStore(Path.of(store)), AutoencoderChoice.ONLY_ONE, TorchDevice.parse(device)),
                ShapesCnn::shipped,
                ShapesCnn::shippedReference);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        job.buildOn(env);
        return env.getStreamGraph();
    }
}
