package io.freshet.flink.job;

import io.freshet.checkpoint.CheckpointStore;
import io.freshet.evaluation.ShapesCnn;
import io.freshet.model.autoencoder.AutoencoderChoice;
import io.freshet.model.autoencoder.DecodingLoader;
import io.freshet.script.DeviceLeases;
import java.nio.file.Path;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Runs the sampling job on a Flink cluster: checkpoints from a store on a path that every TaskManager sees, images judged by the
 * extractor of the data set {@code shapes}. Topics are created where they do not exist.
 */
public final class SamplingJobMain {
    private SamplingJobMain() {}

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        JobArguments arguments = JobArguments.parse(args, env.getParallelism());
        SamplingJobOptions options = arguments.options();
        KafkaPreflight.ofSampling(options.common()).run();
        String store = arguments.store();
        String autoencoder = arguments.autoencoder().which();
        String device = arguments.device();
        new SamplingJob(
                        options,
                        () -> new DecodingLoader(
                                new CheckpointStore(Path.of(store)),
                                new AutoencoderChoice(autoencoder),
                                DeviceLeases.ofThisProcess().take(device)),
                        ShapesCnn::shipped,
                        ShapesCnn::shippedReference)
                .buildOn(env);
        env.execute(SamplingJob.NAME);
    }
}
