/** Names and forms of all that travels between processes. Depends on no other part of Freshet. */
@NullMarked
package io.freshet.schemas;

import org.jspecify.annotations.NullMarked;
