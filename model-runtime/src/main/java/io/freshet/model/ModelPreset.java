package io.freshet.model;

import java.util.OptionalDouble;

/**
 * A published size of a model.
 *
 * @param name as in its paper, such as {@code U-DiT-S} or {@code DiT-XL/2}
 * @param config for 32x32x4 latents and the classes of ImageNet
 * @param paperGigaMacs multiply-accumulates of one forward pass that the paper prints, in 1e9
 */
public record ModelPreset(String name, DenoiserConfig config, OptionalDouble paperGigaMacs) {}
