/** The {@code freshet} command line. */
@NullMarked
package io.freshet.app;

import org.jspecify.annotations.NullMarked;
