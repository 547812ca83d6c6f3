/** Architectures as functions of a configuration, with the parameter names of the original code. */
@NullMarked
package io.freshet.model;

import org.jspecify.annotations.NullMarked;
