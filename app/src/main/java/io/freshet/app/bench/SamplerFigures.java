package io.freshet.app.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How good and how fast a sampler is.
 *
 * @param run the sampler
 * @param evaluations of the network for one image
 * @param imagesPerSecond of drawing alone
 * @param fid squared Fréchet distance to the reference
 * @param fidRatio how many times that of the baseline
 * @param speedRatio how many times as fast as the baseline
 * @param fidRatioToExact how many times that of the same sampler with the network evaluated exactly
 * @param speedRatioToExact how many times as fast as that
 */
public record SamplerFigures(
        SamplerRun run,
        int evaluations,
        double imagesPerSecond,
        Estimate fid,
        Estimate fidRatio,
        double speedRatio,
        Estimate fidRatioToExact,
        double speedRatioToExact) {
    /**
     * A value with an interval of 95 % confidence.
     *
     * @param value as measured
     * @param low lower end
     * @param high upper end
     */
    public record Estimate(double value, double low, double high) {}

    /** As a row of the command's JSON. */
    public Map<String, Object> json() {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("sampler", run.kind().wireName());
        row.put("steps", run.steps());
        row.put("precision", run.precision());
        row.put("cacheInterval", run.inference().cacheInterval());
        row.put("evaluations", evaluations);
        row.put("fid", fid.value());
        row.put("fidLow", fid.low());
        row.put("fidHigh", fid.high());
        row.put("imagesPerSecond", imagesPerSecond);
        row.put("fidRatioToDdpm250", fidRatio.value());
        row.put("fidRatioLow", fidRatio.low());
        row.put("fidRatioHigh", fidRatio.high());
        row.put("speedRatioToDdpm250", speedRatio);
        row.put("fidRatioToExact", fidRatioToExact.value());
        row.put("fidRatioToExactLow", fidRatioToExact.low());
        row.put("fidRatioToExactHigh", fidRatioToExact.high());
        row.put("speedRatioToExact", speedRatioToExact);
        return row;
    }
}
