/** The plain JSON form of the wire records, driven by their Avro schemas. */
@NullMarked
package io.freshet.schemas.json;

import org.jspecify.annotations.NullMarked;
