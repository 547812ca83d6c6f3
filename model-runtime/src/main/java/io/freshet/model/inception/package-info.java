/** The Inception network behind the Fréchet Inception distance. */
@NullMarked
package io.freshet.model.inception;

import org.jspecify.annotations.NullMarked;
