/** The whole loop in one run: trainer, job, evaluation, and what it leaves in the run directory. */
@NullMarked
package io.freshet.app.quickstart;

import org.jspecify.annotations.NullMarked;
