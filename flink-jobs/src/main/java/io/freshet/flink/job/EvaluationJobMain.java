package io.freshet.flink.job;

import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Runs the evaluation job on a Flink cluster, with the extractor of the data set {@code shapes} or one of its kind. Topics are created
 * where they do not exist.
 */
public final class EvaluationJobMain {
    private EvaluationJobMain() {}

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        EvaluationArguments arguments = EvaluationArguments.parse(args, env.getParallelism());
        EvaluationJobOptions options = arguments.options();
        Extraction extraction = new Extraction(arguments.extractor(), arguments.reference());
        extraction.requireFit();
        KafkaPreflight.ofEvaluation(options.common()).run();
        new EvaluationJob(options, extraction.extractors(), extraction.references()).buildOn(env);
        env.execute(EvaluationJob.NAME);
    }
}
