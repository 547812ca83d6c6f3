package io.freshet.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;

/**
 * Keeps {@code docs/wire.md} true. After a change of a schema write its tables anew with {@code mvn -pl schemas test
 * -Dtest=WirePageTest -Ddocs.write=true}.
 */
class WirePageTest {
    private static final Path PAGE = Path.of("..", "docs", "wire.md");
    private static final Pattern TABLES = Pattern.compile(
            "(?<=<!-- tables: written from the schemas by WirePageTest -->\n).*(?=<!-- end of tables -->)",
            Pattern.DOTALL);

    @Test
    void hasTheTablesOfTheSchemas() throws IOException {
        if (Boolean.getBoolean("docs.write")) {
            Files.writeString(
                    PAGE,
                    TABLES.matcher(page()).replaceFirst(match -> Matcher.quoteReplacement(WireTables.markdown())));
        }

        assertThat(page())
                .as("docs/wire.md is out of date: write its tables anew with"
                        + " mvn -pl schemas test -Dtest=WirePageTest -Ddocs.write=true")
                .containsPattern(TABLES)
                .contains(WireTables.markdown());
    }

    @Test
    void showsRequestsThatAreAccepted() throws Exception {
        List<String> requests = Pattern.compile("^.*(\\{\"requestId\".*\\})", Pattern.MULTILINE)
                .matcher(page())
                .results()
                .map(match -> match.group(1))
                .toList();

        assertThat(requests).hasSizeGreaterThan(1);
        for (String request : requests) {
            JsonCodec.of(GenerationRequest.class).decode(request.getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void namesEveryTopicAndNoOther() throws IOException {
        List<String> named = Pattern.compile("freshet\\.[a-z.-]*[a-z]")
                .matcher(page())
                .results()
                .map(MatchResult::group)
                .distinct()
                .toList();

        assertThat(named).containsExactlyInAnyOrderElementsOf(Topics.DEFAULT.all());
    }

    @Test
    void explainsEveryField() {
        for (Schema schema : WireTables.schemas()) {
            assertThat(schema.getDoc()).as(schema.getName()).isNotBlank();
            assertThat(schema.getFields())
                    .allSatisfy(field -> assertThat(field.doc())
                            .as("the doc of %s.%s", schema.getName(), field.name())
                            .isNotBlank());
        }
    }

    private static String page() throws IOException {
        return Files.readString(PAGE);
    }
}
