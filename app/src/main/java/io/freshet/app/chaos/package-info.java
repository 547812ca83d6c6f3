/** Seeded failures of every part of a deployment, and whether every image exists exactly once afterwards. */
@NullMarked
package io.freshet.app.chaos;

import org.jspecify.annotations.NullMarked;
