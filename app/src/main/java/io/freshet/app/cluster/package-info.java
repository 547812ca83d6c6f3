/** A broker and a Flink cluster in processes of their own, the job on them under supervision, and what is asked of it. */
@NullMarked
package io.freshet.app.cluster;

import org.jspecify.annotations.NullMarked;
