/** What people see while a command works: lines, and one line below them that is redrawn. */
@NullMarked
package io.freshet.app.console;

import org.jspecify.annotations.NullMarked;
