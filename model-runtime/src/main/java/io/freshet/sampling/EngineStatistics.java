package io.freshet.sampling;

/**
 * What an engine has done since it was made; warming is not counted.
 *
 * @param forwardPasses runs of a network
 * @param rowSteps evaluations of the network by samples
 * @param networkRows rows that the networks ran for them: two for each that was guided
 * @param paddingRows rows that they ran in vain, to fill a bucket
 * @param memoryShortages passes that there was too little memory for; their rows went into smaller ones
 */
public record EngineStatistics(
        long forwardPasses, long rowSteps, long networkRows, long paddingRows, long memoryShortages) {
    static final EngineStatistics NONE = new EngineStatistics(0, 0, 0, 0, 0);

    EngineStatistics plusPass(int samples, int usedRows, int bucket) {
        return new EngineStatistics(
                forwardPasses + 1,
                rowSteps + samples,
                networkRows + usedRows,
                paddingRows + bucket - usedRows,
                memoryShortages);
    }

    EngineStatistics plusMemoryShortage() {
        return new EngineStatistics(forwardPasses, rowSteps, networkRows, paddingRows, memoryShortages + 1);
    }
}
