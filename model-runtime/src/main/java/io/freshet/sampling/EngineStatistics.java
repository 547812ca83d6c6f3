package io.freshet.sampling;

/**
 * What an engine has done since it was made; warming is not counted.
 *
 * @param forwardPasses runs of a network
 * @param rowSteps evaluations of the network by samples
 * @param networkRows rows that the networks ran for them: two for each that was guided
 * @param paddingRows rows that they ran in vain, to fill a bucket
 */
public record EngineStatistics(long forwardPasses, long rowSteps, long networkRows, long paddingRows) {
    static final EngineStatistics NONE = new EngineStatistics(0, 0, 0, 0);

    EngineStatistics plusPass(int samples, int usedRows, int bucket) {
        return new EngineStatistics(
                forwardPasses + 1, rowSteps + samples, networkRows + usedRows, paddingRows + bucket - usedRows);
    }
}
