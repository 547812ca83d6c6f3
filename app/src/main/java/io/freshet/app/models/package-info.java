/** Pictures of networks in text. */
@NullMarked
package io.freshet.app.models;

import org.jspecify.annotations.NullMarked;
