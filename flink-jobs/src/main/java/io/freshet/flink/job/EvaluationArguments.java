package io.freshet.flink.job;

import io.freshet.flink.job.JobArguments.Option;
import io.freshet.flink.job.JobArguments.Values;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The command line of {@link EvaluationJobMain}, read.
 *
 * @param extractor file of the extractor's weights; null for the shipped ones
 * @param reference file of the reference statistics; null for the shipped ones
 * @param options everything else
 */
record EvaluationArguments(
        @Nullable String extractor, @Nullable String reference, EvaluationJobOptions options) {
    private static final Set<Option> ALLOWED = EnumSet.of(
            Option.BOOTSTRAP_SERVERS,
            Option.TOPIC_PREFIX,
            Option.DEPLOYMENT,
            Option.PARALLELISM,
            Option.MAX_PARALLELISM,
            Option.CHECKPOINT_INTERVAL_MILLIS,
            Option.CHECKPOINT_DIRECTORY,
            Option.RESTART_ATTEMPTS,
            Option.REPORT_EVERY,
            Option.WINDOW_SAMPLES,
            Option.WINDOW_SLIDE,
            Option.EXTRACTOR,
            Option.REFERENCE,
            Option.START,
            Option.KAFKA);

    /**
     * Reads a command line.
     *
     * @param defaultParallelism where none is given
     * @throws IllegalArgumentException saying which argument is wrong and which there are
     */
    static EvaluationArguments parse(String[] args, int defaultParallelism) {
        Values given = Values.read(args, ALLOWED);
        EvaluationJobOptions.Builder builder = EvaluationJobOptions.builder(given.text(Option.BOOTSTRAP_SERVERS, null))
                .start(given.read(
                        Option.START,
                        text -> EvaluationJobOptions.Start.valueOf(text.toUpperCase(Locale.ROOT)),
                        EvaluationJobOptions.Start.EARLIEST,
                        "earliest or latest"));
        JobArguments.common(given, defaultParallelism, builder);
        return new EvaluationArguments(
                given.values().get(Option.EXTRACTOR), given.values().get(Option.REFERENCE), builder.build());
    }
}
