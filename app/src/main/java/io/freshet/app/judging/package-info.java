/** Images of other generators, judged inside this process. */
@NullMarked
package io.freshet.app.judging;

import org.jspecify.annotations.NullMarked;
