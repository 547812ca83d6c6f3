/** Eight-bit RGB images and their PNG form. */
@NullMarked
package io.freshet.image;

import org.jspecify.annotations.NullMarked;
