/** Makes the feature extractor of the data set {@code shapes} and its reference statistics, which are shipped as resources. */
@NullMarked
package io.freshet.training.extractor;

import org.jspecify.annotations.NullMarked;
