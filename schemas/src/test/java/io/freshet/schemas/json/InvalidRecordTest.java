package io.freshet.schemas.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.avro.test.Outer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InvalidRecordTest {
    @Nested
    class Fields {
        @Test
        void unknownIsAnsweredWithTheNearestName() {
            assertThat(refused("{\"requestId\":\"r\",\"count\":1,\n \"stepz\":5}"))
                    .returns("unknown-field", InvalidRecordException::code)
                    .returns("stepz", InvalidRecordException::field)
                    .hasMessage(
                            "GenerationRequest.stepz: found a field that GenerationRequest does not have;"
                                    + " did you mean 'steps'? Correct its name or remove it; expected only requestId, count,"
                                    + " seed, classes, sampler, steps, eta, guidance, guidedChannels, guidanceMinNoise,"
                                    + " guidanceMaxNoise, precision, featureCache, model, checkpoint, onSwap, deadlineMillis, previewEvery (line 2, column 2)");
        }

        @ParameterizedTest
        @CsvSource({
            "request_id,requestId",
            "RequestID,requestId",
            "guidence,guidance",
            "class,classes",
            "chekpoint,checkpoint"
        })
        void misspeltIsRecognised(String written, String meant) {
            assertThat(refused("{\"" + written + "\":1}")).hasMessageContaining("did you mean '" + meant + "'?");
        }

        @ParameterizedTest
        @ValueSource(strings = {"", "_", "temperature", "x"})
        void strangeIsNotGuessedAt(String written) {
            assertThat(refused("{\"" + written + "\":1}"))
                    .returns("unknown-field", InvalidRecordException::code)
                    .hasMessageNotContaining("did you mean");
        }

        @Test
        void missingIsNamedWithItsMeaning() {
            assertThat(refused("{\"requestId\":\"r\"}"))
                    .returns("missing-field", InvalidRecordException::code)
                    .returns("count", InvalidRecordException::field)
                    .hasMessageStartingWith("GenerationRequest.count: the field is missing, expected a whole number")
                    .hasMessageContaining("add it. How many images; at least 1, at most the limit of the job.");
        }

        @Test
        void twiceIsRefusedEvenIfBothAgree() {
            assertThat(refused("{\"requestId\":\"r\",\"count\":1,\"count\":1}"))
                    .returns("duplicate-field", InvalidRecordException::code)
                    .returns("count", InvalidRecordException::field)
                    .hasMessageContaining("found the field twice, expected it once");
        }

        @Test
        void nestedIsNamedByItsPath() {
            assertThat(refused(Outer.class, "{\"inner\":{\"size\":1},\"others\":[{\"size\":2},{\"size\":\"3\"}]}"))
                    .returns("wrong-type", InvalidRecordException::code)
                    .returns("others[1].size", InvalidRecordException::field)
                    .hasMessageStartingWith("Outer.others[1].size: found the string \"3\", expected a whole number");
            assertThat(refused(Outer.class, "{\"inner\":{}}"))
                    .returns("missing-field", InvalidRecordException::code)
                    .returns("inner.size", InvalidRecordException::field);
            assertThat(refused(Outer.class, "{\"inner\":{\"size\":1},\"spare\":[]}"))
                    .hasMessageStartingWith(
                            "Outer.spare: found an array, expected an object with the fields of Inner;");
        }

        @Test
        void namedWithControlCharactersCannotForgeALogLine() {
            InvalidRecordException error = refused("{\"x\\r\\nERROR \\u202e forged" + "y".repeat(500) + "\":1}");

            assertThat(error.getMessage()).doesNotContain("\n", "\r", "\u202e").hasSizeLessThan(500);
            assertThat(error.field()).startsWith("x??ERROR ? forged").endsWith("...");
        }
    }

    @Nested
    class Values {
        @Test
        void withAFractionAreNotWholeNumbers() {
            assertThat(refused("{\"count\":2.5}"))
                    .returns("wrong-type", InvalidRecordException::code)
                    .returns("count", InvalidRecordException::field)
                    .hasMessage("GenerationRequest.count: found 2.5, expected a whole number from -9223372036854775808"
                            + " to 9223372036854775807; write it without a fraction or an exponent"
                            + " (line 1, column 10)");
        }

        @Test
        void inQuotesAreNotNumbers() {
            assertThat(refused("{\"count\":\"8\"}"))
                    .returns("wrong-type", InvalidRecordException::code)
                    .hasMessageContaining("found the string \"8\", expected a whole number")
                    .hasMessageContaining("write plain digits without quotes");
            assertThat(refused("{\"eta\":\"0.5\"}"))
                    .hasMessageContaining("found the string \"0.5\", expected a finite number");
        }

        @ParameterizedTest
        @CsvSource({
            "count,9223372036854775808",
            "count,-9223372036854775809",
            "seed,100000000000000000000000000000",
            "steps,2147483648",
            "steps,-2147483649"
        })
        void beyondTheTypeAreOutOfRange(String field, String value) {
            assertThat(refused("{\"" + field + "\":" + value + "}"))
                    .returns("out-of-range", InvalidRecordException::code)
                    .returns(field, InvalidRecordException::field)
                    .hasMessageContaining("found " + value + ", expected a whole number from -")
                    .hasMessageContaining("choose a value between these bounds");
        }

        @ParameterizedTest
        @ValueSource(strings = {"NaN", "Infinity", "-Infinity", "1e400", "-1e999999999"})
        void thatAreNotFiniteAreOutOfRange(String value) {
            assertThat(refused("{\"guidance\":" + value + "}"))
                    .returns("out-of-range", InvalidRecordException::code)
                    .returns("guidance", InvalidRecordException::field)
                    .hasMessageContaining("found " + value + ", expected a finite number");
        }

        @Test
        void nullIsOnlyForNullableFields() {
            assertThat(refused("{\"requestId\":null}"))
                    .returns("wrong-type", InvalidRecordException::code)
                    .hasMessageContaining("found null, expected a string");
        }

        @Test
        void ofOtherKindsAreNamed() {
            assertThat(refused("{\"requestId\":{\"a\":1}}")).hasMessageContaining("found an object, expected a string");
            assertThat(refused("{\"classes\":\"ring\"}"))
                    .hasMessageContaining("found the string \"ring\", expected an array, each element a string");
            assertThat(refused("{\"classes\":[\"ring\",true]}"))
                    .returns("classes[1]", InvalidRecordException::field)
                    .hasMessageContaining("found true, expected a string");
            assertThat(refused(Outer.class, "{\"inner\":{\"flag\":1}}"))
                    .hasMessageContaining("found 1, expected true or false");
        }

        @Test
        void thatAreNoSymbolAreAnsweredWithTheSymbols() {
            assertThat(refused(RequestStatus.class, "{\"state\":\"running\"}"))
                    .returns("unknown-symbol", InvalidRecordException::code)
                    .returns("state", InvalidRecordException::field)
                    .hasMessageContaining("found the string \"running\", expected one of PLANNED, RUNNING, COMPLETED,"
                            + " REJECTED, CANCELLED, EXPIRED; did you mean RUNNING?");
            assertThat(refused(RequestStatus.class, "{\"state\":\"unclear\"}"))
                    .hasMessageContaining("write one of them, in capitals");
            assertThat(refused(RequestStatus.class, "{\"state\":1}"))
                    .returns("wrong-type", InvalidRecordException::code);
        }

        @ParameterizedTest
        @ValueSource(strings = {"*", "AA-_", "A", "AAAA\\nAAAA"})
        void thatAreNotBase64AreRefused(String value) {
            assertThat(refused(GeneratedImage.class, "{\"png\":\"" + value + "\"}"))
                    .returns("wrong-type", InvalidRecordException::code)
                    .returns("png", InvalidRecordException::field)
                    .hasMessageContaining("expected a string of base64; encode the bytes with the standard alphabet");
        }

        @Test
        void withHalfASurrogatePairAreNotText() {
            assertThat(refused("{\"requestId\":\"a\\ud83d\"}"))
                    .returns("wrong-type", InvalidRecordException::code)
                    .hasMessageContaining("found the string \"a?\", expected Unicode text");
        }
    }

    @Nested
    class Messages {
        @Test
        void thatAreNotJsonAreRefusedWithTheirPlace() {
            assertThat(refused("{\"requestId\": \"r\",\n  count: 3}"))
                    .returns("not-json", InvalidRecordException::code)
                    .returns("", InvalidRecordException::field)
                    .hasMessageStartingWith("GenerationRequest: the message is not JSON: Unexpected character ('c'")
                    .hasMessageEndingWith("correct it there (line 2, column 3)");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "hello",
                    "{\"requestId\":\"r\"",
                    "{\"requestId\":\"r\",\"count\":1}}",
                    "{'count':1}",
                    "{\"count\":01}"
                })
        void thatAreAlmostJsonAreRefused(String message) {
            assertThat(refused(message))
                    .returns("not-json", InvalidRecordException::code)
                    .hasMessageStartingWith("GenerationRequest: ")
                    .hasMessageContaining("(line 1, column ");
        }

        @ParameterizedTest
        @ValueSource(strings = {"", "   \n"})
        void thatAreEmptyAreRefused(String message) {
            assertThat(refused(message))
                    .returns("not-json", InvalidRecordException::code)
                    .hasMessageContaining(
                            "the message is empty, expected an object with the fields of GenerationRequest");
        }

        @Test
        void mustHoldOneRecordOnly() {
            assertThat(refused("{\"requestId\":\"r\",\"count\":1} {\"requestId\":\"s\",\"count\":1}"))
                    .returns("not-json", InvalidRecordException::code)
                    .hasMessageContaining("found an object, expected nothing more after the record");
        }

        @ParameterizedTest
        @CsvSource({"[],an array", "42,42", "null,null", "'\"text\"','the string \"text\"'"})
        void mustBeObjects(String message, String found) {
            assertThat(refused(message))
                    .returns("wrong-type", InvalidRecordException::code)
                    .returns("", InvalidRecordException::field)
                    .hasMessageStartingWith("GenerationRequest: found " + found + ", expected an object");
        }

        @Test
        void inAnotherEncodingAreRefused() {
            byte[] latin = "{\"requestId\":\"caf\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
            assertThat(refused(GenerationRequest.class, latin))
                    .returns("not-json", InvalidRecordException::code)
                    .hasMessage("GenerationRequest: the message is not UTF-8: found byte 0xe9 at offset 17; encode the"
                            + " JSON in UTF-8");
            byte[] utf16 = "{}".getBytes(StandardCharsets.UTF_16LE);
            assertThat(refused(GenerationRequest.class, utf16)).returns("not-json", InvalidRecordException::code);
        }

        @Test
        void thatEndInsideACharacterAreNotUtf8() {
            byte[] cut = {'{', '"', (byte) 0xc3};
            assertThat(refused(GenerationRequest.class, cut))
                    .hasMessageContaining("is not UTF-8: found byte 0xc3 at offset 2");
        }

        @Test
        void thatAreTooLongAreRefusedUnread() {
            assertThat(refused(GenerationRequest.class, new byte[JsonCodec.MAX_BYTES + 1]))
                    .returns("too-large", InvalidRecordException::code)
                    .hasMessage("GenerationRequest: the message has 8388609 bytes, expected at most 8388608; send less"
                            + " in one message");
        }

        @Test
        void withNumbersOrNestingWithoutEndCostLittle() {
            assertThat(refused("{\"requestId\":\"r\",\"count\":" + "1".repeat(2_000) + "}"))
                    .returns("too-large", InvalidRecordException::code)
                    .hasMessageContaining("than any record")
                    .hasMessageContaining("send an object with the fields of GenerationRequest");
            assertThat(JsonCodec.peekString(
                            ("{\"a\":" + "[".repeat(5_000_000)).getBytes(StandardCharsets.UTF_8), "requestId"))
                    .isEmpty();
        }

        /** Whatever one flipped byte makes of a message, it is read or refused, never a failure of another kind. */
        @Test
        void thatAreDamagedNeverBreakTheReader() {
            JsonCodec<GenerationRequest> codec = JsonCodec.of(GenerationRequest.class);
            Random random = new Random(16);
            int refused = 0;
            for (int i = 0; i < 3_000; i++) {
                byte[] message = codec.encode(new RandomRecords(i).next(GenerationRequest.class));
                message[random.nextInt(message.length)] = (byte) random.nextInt(256);
                try {
                    codec.decode(message);
                } catch (InvalidRecordException e) {
                    refused++;
                    assertThat(e.getMessage()).startsWith("GenerationRequest").doesNotContain("\n");
                }
            }
            assertThat(refused).isGreaterThan(500);
        }
    }

    private static InvalidRecordException refused(String message) {
        return refused(GenerationRequest.class, message);
    }

    private static <T extends SpecificRecord> InvalidRecordException refused(Class<T> type, String message) {
        return refused(type, message.getBytes(StandardCharsets.UTF_8));
    }

    private static <T extends SpecificRecord> InvalidRecordException refused(Class<T> type, byte[] message) {
        InvalidRecordException error = catchThrowableOfType(
                InvalidRecordException.class, () -> JsonCodec.of(type).decode(message));
        assertThat(error).as("the message was read").isNotNull();
        return error;
    }
}
