package io.freshet.flink.candidate;

import io.freshet.flink.text.Text;
import io.freshet.image.ImageFile;
import io.freshet.image.RgbImage;
import io.freshet.schemas.avro.CandidateImage;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Decides whether a message holds an image that can be measured, and says why where it does not. Not thread-safe. */
final class CandidateJudge {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
    private static final String NAME_RULE = "1 to 128 letters, digits, '.', '_', '-' or ':'";
    private static final long MAX_COUNT = 1_000_000_000;

    private final JsonCodec<CandidateImage> codec = JsonCodec.of(CandidateImage.class);

    /**
     * What a good message holds.
     *
     * @param source what is judged
     * @param count images that make its evaluation complete; null for no end
     * @param image the pixels
     */
    record Candidate(String source, @Nullable Long count, RgbImage image) {}

    /**
     * Reads a message.
     *
     * @throws Refusal if it is no candidate
     */
    Candidate read(byte @Nullable [] value) throws Refusal {
        if (value == null) {
            throw new Refusal("no-value", "the message has no value: expected a JSON object, a CandidateImage");
        }
        CandidateImage candidate;
        try {
            candidate = codec.decode(value);
        } catch (InvalidRecordException e) {
            throw new Refusal(e.code(), String.valueOf(e.getMessage()));
        }
        requireName("source", candidate.getSource());
        if (candidate.getId() != null) {
            requireName("id", candidate.getId());
        }
        Long count = candidate.getCount();
        if (count != null && (count < 2 || count > MAX_COUNT)) {
            throw new Refusal(
                    "invalid-count",
                    "count is " + count + ": expected 2 to " + MAX_COUNT
                            + " images, or none for an evaluation that goes on; correct it");
        }
        return new Candidate(candidate.getSource(), count, decode(candidate.getImage()));
    }

    /** The sender's id in a refused message, if it can be read and is one. */
    static Optional<String> idIn(byte @Nullable [] value) {
        return value == null
                ? Optional.empty()
                : JsonCodec.peekString(value, "id")
                        .filter(id -> NAME.matcher(id).matches());
    }

    private static void requireName(String field, String name) throws Refusal {
        if (!NAME.matcher(name).matches()) {
            throw new Refusal(
                    "invalid-" + field,
                    field + " is '" + Text.quotable(name) + "': expected " + NAME_RULE + "; choose another");
        }
    }

    private static RgbImage decode(ByteBuffer bytes) throws Refusal {
        byte[] file = new byte[bytes.remaining()];
        bytes.duplicate().get(file);
        try {
            return ImageFile.decode(file);
        } catch (IOException e) {
            throw new Refusal("not-an-image", "image: " + Text.singleLine(String.valueOf(e.getMessage())));
        }
    }

    /** Why a message is set aside. */
    static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;

        private final String code;

        /**
         * @param code for machines, in kebab case
         * @param reason for the sender: what was wrong, what was expected, what to do
         */
        Refusal(String code, String reason) {
            super(reason, null, false, false);
            this.code = code;
        }

        String code() {
            return code;
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }
}
