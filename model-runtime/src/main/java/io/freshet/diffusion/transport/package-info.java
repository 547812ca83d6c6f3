/**
 * Transport along an interpolant (SiT, arXiv 2401.08740): x_t = α_t x_1 + σ_t x_0, where x_0 is standard normal noise, x_1 is data
 * and t runs from 0 to 1, as in SiT's code; its paper runs the other way. Paths, training targets and samplers: pure formulas
 * over arrays.
 *
 * <p>Everything here follows from four functions of an {@link io.freshet.diffusion.transport.Interpolant} and from the fact that
 * velocity, score and noise are combinations of x_t and the network's output, whichever of them the network predicts. A sampler is
 * a {@link io.freshet.diffusion.Sampler}, made by {@link io.freshet.diffusion.transport.OdeSettings} or {@link
 * io.freshet.diffusion.transport.SdeSettings}.
 */
@NullMarked
package io.freshet.diffusion.transport;

import org.jspecify.annotations.NullMarked;
