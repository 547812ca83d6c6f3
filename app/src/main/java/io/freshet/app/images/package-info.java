/** Folders of images, and drawing them without a job. */
@NullMarked
package io.freshet.app.images;

import org.jspecify.annotations.NullMarked;
