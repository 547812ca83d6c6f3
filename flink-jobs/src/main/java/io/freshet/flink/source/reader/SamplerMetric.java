package io.freshet.flink.source.reader;

/** The metrics of a reader, all in its operator's scope. */
public enum SamplerMetric {
    /** Forward passes taken. */
    STEPS("steps", "Forward passes taken"),
    /** Denoising steps of single samples. */
    ROW_STEPS("rowSteps", "Denoising steps of single samples"),
    /** Rows that the network ran only to fill a bucket. */
    PADDING_ROWS("paddingRows", "Network rows that were run only to fill a bucket"),
    /** Samples finished and emitted. */
    SAMPLES_FINISHED("samplesFinished", "Samples finished and emitted"),
    /** Samples on their way that came from state rather than from the planner. */
    ROWS_RESTORED("rowsRestored", "Samples resumed from state, at whatever step they had reached"),
    /** Network rows taken in the engine. */
    ROWS_IN_FLIGHT("rowsInFlight", "Network rows taken in the engine; a guided sample takes two"),
    /** Network rows waiting in the reader. */
    ROWS_WAITING("rowsWaiting", "Network rows waiting in the reader, for room or for their checkpoint"),
    /** Checkpoints in memory. */
    CHECKPOINTS_RESIDENT("checkpointsResident", "Checkpoints in memory, ready to sample with"),
    /** Milliseconds of the last forward pass. */
    LAST_STEP_MILLIS("lastStepMillis", "Milliseconds that the last forward pass took");

    private final String metricName;
    private final String description;

    SamplerMetric(String metricName, String description) {
        this.metricName = metricName;
        this.description = description;
    }

    /** Name in Flink's metric system. */
    public String metricName() {
        return metricName;
    }

    /** What it counts, for the documentation. */
    public String description() {
        return description;
    }
}
