/** Eight-bit RGB images: their PNG form, resampling and cropping, and the way to a model and back. */
@NullMarked
package io.freshet.image;

import org.jspecify.annotations.NullMarked;
