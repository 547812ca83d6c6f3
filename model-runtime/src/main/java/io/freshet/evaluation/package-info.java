/** Features, mergeable moments and Fréchet distances against reference statistics. */
@NullMarked
package io.freshet.evaluation;

import org.jspecify.annotations.NullMarked;
