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
    /** SDE-DPM-Solver++(2M) (Lu et al. 2022): noise in every step, which mends errors of the network; second order, ten to fifty steps. */
    DPMPP_2M_SDE("dpmpp-2m-sde", Prediction.NOISE),
    /** UniPC-2 with B_2 (Zhao et al. 2023): no noise, third order, ten to twenty-five steps. */
    UNIPC("unipc", Prediction.NOISE),
    /** The probability flow in Euler's steps: no noise, first order, one evaluation a step. */
    FLOW_EULER("flow-euler", Prediction.VELOCITY),
    /** The probability flow in Heun's steps, which SiT was published with: no noise, second order, two evaluations a step. */
    FLOW_HEUN("flow-heun", Prediction.VELOCITY),
    /** The probability flow by the slope in the middle of each step: no noise, second order, two evaluations a step. */
    FLOW_MIDPOINT("flow-midpoint", Prediction.VELOCITY),
    /** The probability flow by Kutta's 3/8 rule: no noise, fourth order, four evaluations a step. */
    FLOW_RK4("flow-rk4", Prediction.VELOCITY),
    /**
     * The stochastic process as SiT was published with it (Ma et al. 2024): by Euler and Maruyama with D = σ, and a last step of 0.04
     * to the mean. Noise in every step, one evaluation a step and one for the last, some 250 steps.
     */
    FLOW_SDE("flow-sde", Prediction.VELOCITY),
    /** The process of {@link #FLOW_SDE} in Heun's steps: two evaluations a step and one for the last. */
    FLOW_SDE_HEUN("flow-sde-heun", Prediction.VELOCITY);

    /** In place of a name: the {@link #usual} sampler of the network. */
    public static final String AUTO = "auto";

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
     * Reads a name as it stands beside what was drawn.
     *
     * @throws IllegalArgumentException naming the samplers there are
     */
    public static SamplerKind fromWireName(String name) {
        for (SamplerKind kind : values()) {
            if (kind.wireName.equals(name)) {
                return kind;
            }
        }
        throw new IllegalArgumentException(
                "sampler is '" + name + "': expected '" + AUTO + "' or one of " + names(kind -> true));
    }

    /**
     * Reads a name as it stands in a request; whether that sampler {@link #fits} is another question.
     *
     * @param name of a sampler, or {@link #AUTO}
     * @param predicted what the network predicts
     * @throws IllegalArgumentException naming the samplers there are
     */
    public static SamplerKind choose(String name, Prediction predicted) {
        return name.equals(AUTO) ? usual(predicted) : fromWireName(name);
    }

    /** The sampler for a network where none is asked for. */
    public static SamplerKind usual(Prediction predicted) {
        return switch (predicted) {
            case NOISE -> DDIM;
            case VELOCITY -> FLOW_HEUN;
        };
    }

    /** Whether it can draw from networks that predict this. */
    public boolean fits(Prediction predicted) {
        return predicted == prediction;
    }

    /**
     * Checks that this sampler can draw from a network.
     *
     * @param predicted what the network predicts
     * @throws IllegalArgumentException naming the samplers that can, if it cannot
     */
    public void requireFits(Prediction predicted) {
        if (!fits(predicted)) {
            throw new IllegalArgumentException("sampler is '" + wireName + "', which draws from networks that predict "
                    + lowerCase(prediction) + ", but the checkpoint predicts " + lowerCase(predicted) + ": expected '"
                    + AUTO + "' or one of " + names(kind -> kind.fits(predicted)));
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
