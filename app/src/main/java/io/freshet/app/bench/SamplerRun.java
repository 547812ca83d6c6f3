package io.freshet.app.bench;

import io.freshet.sampling.Inference;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A sampler, its number of steps, and how it evaluates the network.
 *
 * @param kind which, with eta 0
 * @param steps of it
 * @param inference how it evaluates the network
 */
public record SamplerRun(SamplerKind kind, int steps, Inference inference) {
    /** What the others are compared with: ancestral sampling in 250 steps, as DiT and U-DiT were scored. */
    public static final SamplerRun BASELINE = new SamplerRun(SamplerKind.DDPM, 250);

    private static final List<SamplerKind> FAST =
            List.of(SamplerKind.DDIM, SamplerKind.DPMPP_2M, SamplerKind.DPMPP_2M_SDE, SamplerKind.UNIPC);
    private static final List<Integer> STEPS = List.of(5, 10, 20, 50);
    private static final int TARGET_STEPS = 20;

    /** Those that ask less of the network; they are measured on top of the baseline and of the samplers of {@value #TARGET_STEPS} steps. */
    private static final List<Inference> CHEAPER =
            List.of(new Inference(Precision.BF16, 1), new Inference(Precision.FP32, 3));

    /** With the network evaluated exactly. */
    public SamplerRun(SamplerKind kind, int steps) {
        this(kind, steps, Inference.EXACT);
    }

    /** The settings as the engine knows them. */
    SamplerSettings settings(double guidance) {
        return new SamplerSettings(kind, steps, 0, guidance).with(inference);
    }

    /** The same sampler with the network evaluated exactly. */
    SamplerRun exact() {
        return new SamplerRun(kind, steps);
    }

    /** The sampler and what is not exact about it, such as {@code ddpm bf16 cache 3}. */
    public String name() {
        return kind.wireName()
                + (inference.precision() == Precision.FP32 ? "" : " " + precision())
                + (inference.caches() ? " cache " + inference.cacheInterval() : "");
    }

    /** As in requests. */
    String precision() {
        return inference.precision().wireName();
    }

    /**
     * The baseline, then the samplers of few steps; behind the baseline and those of {@value #TARGET_STEPS} steps, the same with less
     * asked of the network.
     *
     * @param able whether a network can be evaluated so
     */
    public static List<SamplerRun> usual(Predicate<Inference> able) {
        return allExact().stream()
                .flatMap(run -> run.equals(BASELINE) || run.steps == TARGET_STEPS
                        ? Stream.concat(Stream.of(run), run.cheaper(able))
                        : Stream.of(run))
                .toList();
    }

    private Stream<SamplerRun> cheaper(Predicate<Inference> able) {
        return CHEAPER.stream().filter(able).map(cheaper -> new SamplerRun(kind, steps, cheaper));
    }

    private static List<SamplerRun> allExact() {
        List<SamplerRun> runs = new ArrayList<>();
        runs.add(BASELINE);
        for (SamplerKind kind : FAST) {
            for (int steps : STEPS) {
                runs.add(new SamplerRun(kind, steps));
            }
        }
        return runs;
    }
}
