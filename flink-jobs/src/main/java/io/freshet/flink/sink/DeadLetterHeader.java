package io.freshet.flink.sink;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/** What the headers of dead letters, and of messages replayed from them, say. All are text in UTF-8. */
public enum DeadLetterHeader {
    /** Why it was refused, for machines. */
    CODE("freshet-code"),
    /** Why it was refused, for people: the field, what was found, what was expected, what to do. */
    REASON("freshet-reason"),
    /** What kind of message it was: {@code request}, {@code announcement}, {@code command} or {@code candidate}. */
    STAGE("freshet-stage"),
    /** The topic that it stood on. */
    TOPIC("freshet-topic"),
    /** Its partition there. */
    PARTITION("freshet-partition"),
    /** Its offset there. */
    OFFSET("freshet-offset"),
    /** Its own timestamp, in milliseconds since the epoch. */
    TIMESTAMP("freshet-timestamp"),
    /** The version of Freshet that refused it. */
    SOFTWARE_VERSION("freshet-software-version"),
    /** The version of this list of headers: {@link #VERSION}. */
    HEADERS_VERSION("freshet-headers-version"),
    /** Of a replayed message: the dead letter that it was, as {@code topic/partition/offset}. */
    REPLAYED_FROM("freshet-replayed-from"),
    /** Of a receipt on the topic of dead letters, a message without value: the letter that was replayed, likewise. */
    REPLAYED("freshet-replayed");

    /** The version of the list of headers that this build writes. */
    public static final String VERSION = "2";

    private final String headerName;

    DeadLetterHeader(String headerName) {
        this.headerName = headerName;
    }

    /** Name on the wire. */
    public String headerName() {
        return headerName;
    }

    /** What a message says, if it has the header. */
    public Optional<String> in(Headers headers) {
        Header header = headers.lastHeader(headerName);
        return header == null || header.value() == null
                ? Optional.empty()
                : Optional.of(new String(header.value(), StandardCharsets.UTF_8));
    }
}
