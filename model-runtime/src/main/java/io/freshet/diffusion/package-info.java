/** Schedules, respacing, samplers and noise: pure formulas over arrays. */
@NullMarked
package io.freshet.diffusion;

import org.jspecify.annotations.NullMarked;
