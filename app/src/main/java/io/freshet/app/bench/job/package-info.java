/** The job's targets, measured on the real job: broker, cluster and client in this process. */
@NullMarked
package io.freshet.app.bench.job;

import org.jspecify.annotations.NullMarked;
