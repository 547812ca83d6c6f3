package io.freshet.sampling;

import io.freshet.diffusion.Prediction;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The samplers that the engine can step. */
public enum SamplerKind {
    /** Ancestral sampling with the learned variance (Ho et al. 2020; Nichol and Dhariwal 2021): noise in every step, many steps. */
    DDPM("ddpm", Prediction.NOISE),
    /** Denoising diffusion implicit models (Song et al. 2021): no noise with eta 0, some fifty steps and more. */
    DDIM("ddim", Prediction.NOISE),
    /** DPM-Solver++(2M) (Lu et al. 2022): no noise, second order, ten to twenty-five steps. */
    DPMPP_2M("dpmpp-2m", Prediction.NOISE),
    /** UniPC-2 with B_2 (Zhao et al. 2023): no noise, third order, ten to twenty-five steps. */
    UNIPC("unipc", Prediction.NOISE);

    private final String wireName;
    private final Prediction prediction;

    SamplerKind(String wireName, Prediction prediction) {
        this.wireName = wireName;
        this.prediction = prediction;
    }

    /** The name on the wire. */
    public String wireName() {
        return wireName;
    }

    /**
     * Reads a name as it stands on the wire.
     *
     * @throws IllegalArgumentException naming the samplers there are
     */
    public static SamplerKind fromWireName(String name) {
        for (SamplerKind kind : values()) {
            if (kind.wireName.equals(name)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("sampler is '" + name + "': expected one of " + names(kind -> true));
    }

    /** Whether some sampler can draw from networks that predict this. */
    public static boolean anyFits(Prediction prediction) {
        return Arrays.stream(values()).anyMatch(kind -> kind.prediction == prediction);
    }

    /**
     * Checks that this sampler can draw from a network.
     *
     * @param predicted what the network predicts
     * @throws IllegalArgumentException naming the samplers that can, if it cannot
     */
    public void requireFits(Prediction predicted) {
        if (predicted != prediction) {
            throw new IllegalArgumentException("sampler is '" + wireName + "', which draws from networks that predict "
                    + lowerCase(prediction) + ", but the checkpoint predicts " + lowerCase(predicted) + ": expected "
                    + (anyFits(predicted) ? "one of " + names(kind -> kind.prediction == predicted) : "another model"));
        }
    }

    private static String names(Predicate<SamplerKind> wanted) {
        return Arrays.stream(values())
                .filter(wanted)
                .map(kind -> "'" + kind.wireName + "'")
                .collect(Collectors.joining(", "));
    }

    private static String lowerCase(Prediction prediction) {
        return prediction.name().toLowerCase(Locale.ROOT);
    }
}
