package io.freshet.app.bench;

import java.util.Map;

/**
 * What a forward pass takes; the names are those of the JSON report. Seconds are medians over the rounds.
 *
 * @param model name of the network
 * @param batch rows of a pass
 * @param rounds how often each form ran
 * @param threads of LibTorch
 * @param gigaMacs multiply-accumulates of one row's folded form, in 1e9: convolutions, linear layers, attention
 * @param referenceSeconds the original's operations
 * @param fp32Seconds our inference form
 * @param bf16Seconds our inference form in bfloat16
 * @param fp32Ratio how many times the reference takes of our fp32
 * @param bf16Ratio how many times the reference takes of our bf16
 * @param fp32Error largest difference from the reference's prediction, over its largest magnitude
 * @param bf16Error the same of bfloat16
 * @param matmulSize side of the square matrices multiplied beside it
 * @param matmulGflopsFp32 1e9 operations per second of their product
 * @param matmulGflopsBf16 the same in bfloat16
 * @param fp32Utilisation 2 gigaMacs batch / fp32Seconds / matmulGflopsFp32
 * @param bf16Utilisation 2 gigaMacs batch / bf16Seconds / matmulGflopsBf16
 * @param cacheInterval evaluations for one of the whole network, where deep features are used again in between
 * @param fp32CacheSeconds mean of such evaluations, of fp32: (whole + (cacheInterval − 1) shallow) / cacheInterval
 * @param fp32CacheRatio fp32Seconds / fp32CacheSeconds
 * @param bf16CacheSeconds the same of bfloat16
 * @param bf16CacheRatio bf16Seconds / bf16CacheSeconds
 * @param spreads smallest and largest of what the medians are of
 */
public record SamplingFigures(
        String model,
        int batch,
        int rounds,
        int threads,
        double gigaMacs,
        double referenceSeconds,
        double fp32Seconds,
        double bf16Seconds,
        double fp32Ratio,
        double bf16Ratio,
        double fp32Error,
        double bf16Error,
        int matmulSize,
        double matmulGflopsFp32,
        double matmulGflopsBf16,
        double fp32Utilisation,
        double bf16Utilisation,
        int cacheInterval,
        double fp32CacheSeconds,
        double fp32CacheRatio,
        double bf16CacheSeconds,
        double bf16CacheRatio,
        Map<String, Spread> spreads) {}
