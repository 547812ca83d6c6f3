package io.freshet.flink.metric;

/** Every metric that the job adds to Flink's own. */
public enum JobMetric {
    STEPS(Scope.READER, "steps", "Forward passes taken"),
    ROW_STEPS(Scope.READER, "rowSteps", "Evaluations of the network by single samples"),
    PADDING_ROWS(Scope.READER, "paddingRows", "Network rows that were run only to fill a bucket"),
    LAST_STEP_MILLIS(Scope.READER, "lastStepMillis", "Milliseconds that the last forward pass took"),
    SAMPLES_FINISHED(Scope.READER, "samplesFinished", "Samples finished and emitted"),
    SAMPLES_DROPPED(
            Scope.READER, "samplesDropped", "Samples dropped because their request was cancelled or is overdue"),
    SAMPLES_DECODING(Scope.READER, "samplesDecoding", "Samples that have taken all steps and wait for the autoencoder"),
    ROWS_RESTORED(Scope.READER, "rowsRestored", "Samples resumed from state, at whatever evaluation they had reached"),
    ROWS_IN_FLIGHT(Scope.READER, "rowsInFlight", "Network rows taken in the engine; a guided sample takes two"),
    ROWS_WAITING(Scope.READER, "rowsWaiting", "Network rows waiting in the reader, for room or for their checkpoint"),
    CHECKPOINTS_RESIDENT(Scope.READER, "checkpointsResident", "Checkpoints in memory, ready to sample with"),
    RESIDENT_BYTES(
            Scope.READER,
            "residentBytes",
            "Bytes of weights in memory, as the memory budget counts them; a shared autoencoder comes on top"),
    MEMORY_SHORTAGES(
            Scope.READER,
            "memoryShortages",
            "Forward passes that the device had too little memory for; their rows went on in smaller ones"),
    NETWORKS_WAITING(
            Scope.PLANNER,
            "networksWaiting",
            "Networks that open requests need and that have no room in the readers' memory"),
    OPEN_RANGES(Scope.PLANNER, "openRanges", "Requests, and ranges given back, with samples not handed out"),
    WAITING_SAMPLES(Scope.PLANNER, "waitingSamples", "Samples not handed out to a reader"),
    IMAGES_NOT_MEASURED(
            Scope.FEATURES,
            "imagesNotMeasured",
            "Images left out because the extractor does not take them, and messages that hold none"),
    IMAGES_WITHHELD(
            Scope.PLACEMENT,
            "imagesWithheld",
            "Images too large for a message, delivered without bytes for lack of shards"),
    IMAGES_SHARDED_BEFORE(
            Scope.SHARDS,
            "imagesShardedBefore",
            "Images drawn again after a restore that a finished shard holds already"),
    IMAGES_DELIVERED_BEFORE(
            Scope.FENCE, "imagesDeliveredBefore", "Images drawn again after a restore that are on the topic already");

    /** Where a metric is registered. */
    public enum Scope {
        /** Each task of the operator 'sampler'. */
        READER,
        /** The coordinator of the operator 'sampler'. */
        PLANNER,
        /** Each task of the operator 'features'. */
        FEATURES,
        /** Each task of the operator 'placement'. */
        PLACEMENT,
        /** Each task of the operator 'shards'. */
        SHARDS,
        /** Each task of the operator 'delivery fence'. */
        FENCE
    }

    private final Scope scope;
    private final String metricName;
    private final String description;

    JobMetric(Scope scope, String metricName, String description) {
        this.scope = scope;
        this.metricName = metricName;
        this.description = description;
    }

    /** Where it is registered. */
    public Scope scope() {
        return scope;
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
