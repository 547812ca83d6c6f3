/** What a job's graph must keep to before it may run: how records and state are written, and what makes state survive an upgrade. */
@NullMarked
package io.freshet.flink.audit;

import org.jspecify.annotations.NullMarked;
