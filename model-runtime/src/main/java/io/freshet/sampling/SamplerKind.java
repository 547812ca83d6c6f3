package io.freshet.sampling;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The samplers that the engine can step. */
public enum SamplerKind {
    /** Ancestral sampling with the learned variance (Ho et al. 2020; Nichol and Dhariwal 2021). */
    DDPM,
    /** Denoising diffusion implicit models (Song et al. 2021). */
    DDIM;

    /** The name on the wire: lower case. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a name as it stands on the wire.
     *
     * @throws IllegalArgumentException naming the samplers there are
     */
    public static SamplerKind fromWireName(String name) {
        for (SamplerKind kind : values()) {
            if (kind.wireName().equals(name)) {
                return kind;
            }
        }
        String known = Arrays.stream(values()).map(SamplerKind::wireName).collect(Collectors.joining("', '"));
        throw new IllegalArgumentException("sampler is '" + name + "': expected one of '" + known + "'");
    }
}
