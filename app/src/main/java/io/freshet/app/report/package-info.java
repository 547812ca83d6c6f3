/** What a run leaves for people to look at. */
@NullMarked
package io.freshet.app.report;

import org.jspecify.annotations.NullMarked;
