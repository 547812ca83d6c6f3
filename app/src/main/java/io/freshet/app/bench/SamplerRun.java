package io.freshet.app.bench;

import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import java.util.ArrayList;
import java.util.List;

/**
 * A sampler and its number of steps.
 *
 * @param kind which, with eta 0
 * @param steps of it
 */
public record SamplerRun(SamplerKind kind, int steps) {
    /** What the others are compared with: ancestral sampling in 250 steps, as DiT and U-DiT were scored. */
    public static final SamplerRun BASELINE = new SamplerRun(SamplerKind.DDPM, 250);

    private static final List<SamplerKind> FAST = List.of(SamplerKind.DDIM, SamplerKind.DPMPP_2M, SamplerKind.UNIPC);
    private static final List<Integer> STEPS = List.of(5, 10, 20, 50);

    /** The settings as the engine knows them. */
    SamplerSettings settings(double guidance) {
        return new SamplerSettings(kind, steps, 0, guidance);
    }

    /** The baseline, then the samplers of few steps. */
    public static List<SamplerRun> usual() {
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
