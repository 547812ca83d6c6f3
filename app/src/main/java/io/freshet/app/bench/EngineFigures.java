package io.freshet.app.bench;

import java.util.List;
import java.util.Map;

/**
 * The engine under a mixed load; the names are those of the JSON report.
 *
 * @param time "virtual": passes take as long as was measured, by bucket
 * @param requests of one image each
 * @param shortRequests of them with at most 25 steps, which go first
 * @param utilisation offered network rows over those that the largest bucket does
 * @param threads of LibTorch
 * @param buckets that the engine runs
 * @param profiledMillis what sizes took when they were chosen; empty where they were told
 * @param passSeconds median of a forward pass, by its rows: of the engine's buckets, and of 4, 8, 16 and 32
 * @param rowsPerSecond of the engine's largest bucket
 * @param rowsPerSecondUsual of 32 rows
 * @param rowsPerSecondRatio the one over the other
 * @param shortMedianSecondsContinuous from arrival to image, short requests, our engine
 * @param shortMedianSecondsStatic the same, static batches
 * @param shortMedianRatio static over continuous
 * @param shortP95SecondsContinuous what 95 % of the short ones do not exceed, our engine
 * @param shortP95SecondsStatic the same, static batches
 * @param shortP95Ratio static over continuous
 * @param longMedianSecondsContinuous of all other requests, our engine
 * @param longMedianSecondsStatic the same, static batches
 * @param imagesPerSecondContinuous throughput until the last image, our engine
 * @param imagesPerSecondStatic the same, static batches
 * @param busyShareContinuous share of the time in which passes ran, our engine
 * @param busyShareStatic the same, static batches
 * @param engineStepSeconds wall time of an engine's step with the largest bucket full
 * @param bareForwardSeconds wall time of the network alone at that bucket
 * @param engineOverhead the one over the other, less 1
 */
public record EngineFigures(
        String time,
        int requests,
        int shortRequests,
        double utilisation,
        int threads,
        List<Integer> buckets,
        Map<Integer, Double> profiledMillis,
        Map<Integer, Double> passSeconds,
        double rowsPerSecond,
        double rowsPerSecondUsual,
        double rowsPerSecondRatio,
        double shortMedianSecondsContinuous,
        double shortMedianSecondsStatic,
        double shortMedianRatio,
        double shortP95SecondsContinuous,
        double shortP95SecondsStatic,
        double shortP95Ratio,
        double longMedianSecondsContinuous,
        double longMedianSecondsStatic,
        double imagesPerSecondContinuous,
        double imagesPerSecondStatic,
        double busyShareContinuous,
        double busyShareStatic,
        double engineStepSeconds,
        double bareForwardSeconds,
        double engineOverhead) {}
