/** Where each request stands. */
@NullMarked
package io.freshet.flink.ledger;

import org.jspecify.annotations.NullMarked;
