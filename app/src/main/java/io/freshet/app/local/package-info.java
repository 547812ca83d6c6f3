/** The stack on one machine: a Kafka broker and a Flink cluster inside this JVM, and the trainer in a child process. */
@NullMarked
package io.freshet.app.local;

import org.jspecify.annotations.NullMarked;
