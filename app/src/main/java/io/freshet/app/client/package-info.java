/** A client of a running job: sends a generation request and collects its images. */
@NullMarked
package io.freshet.app.client;

import org.jspecify.annotations.NullMarked;
