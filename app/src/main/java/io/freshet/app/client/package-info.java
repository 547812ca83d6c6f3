/** A client of a running job: sends a generation request, collects its images, writes them to a folder. */
@NullMarked
package io.freshet.app.client;

import org.jspecify.annotations.NullMarked;
