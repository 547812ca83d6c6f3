/** Runs recorded numbers of the original Python code against this installation. */
@NullMarked
package io.freshet.app.conformance;

import org.jspecify.annotations.NullMarked;
