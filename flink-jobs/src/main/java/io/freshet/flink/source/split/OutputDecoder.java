package io.freshet.flink.source.split;

import io.freshet.schemas.avro.SamplerOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import org.apache.avro.Schema;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.specific.SpecificData;

/**
 * Reads records in Avro's single-object encoding, whose header names the schema that they were written with: the present one, or one
 * of an earlier release, kept as a resource in its parsing form. Stateless.
 */
final class OutputDecoder {
    private static final BinaryMessageDecoder<SamplerOutput> DECODER = decoder();

    private OutputDecoder() {}

    static SamplerOutput decode(byte[] encoded) throws IOException {
        return DECODER.decode(encoded);
    }

    private static BinaryMessageDecoder<SamplerOutput> decoder() {
        BinaryMessageDecoder<SamplerOutput> decoder =
                new BinaryMessageDecoder<>(new SpecificData(), SamplerOutput.getClassSchema());
        decoder.addSchema(earlier("sampler-output-1.avsc"));
        decoder.addSchema(earlier("sampler-output-2.avsc"));
        decoder.addSchema(earlier("sampler-output-3.avsc"));
        return decoder;
    }

    private static Schema earlier(String resource) {
        try (InputStream in = Objects.requireNonNull(OutputDecoder.class.getResourceAsStream(resource), resource)) {
            return new Schema.Parser().parse(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
