package io.freshet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.schemas.avro.RequestClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicsTest {
    @Test
    void standUnderOnePrefixAndDiffer() {
        Topics topics = new Topics("team-a.run_1");
        List<String> names = topics.all();

        assertThat(names)
                .doesNotHaveDuplicates()
                .allSatisfy(name -> assertThat(name)
                        .startsWith("team-a.run_1.")
                        // Kafka's own rule for topic names.
                        .matches("[a-zA-Z0-9._-]{1,249}"));
    }

    @Test
    void haveTheNamesThatTheDocumentationShows() {
        assertThat(Topics.DEFAULT.requests()).isEqualTo("freshet.requests");
        assertThat(Topics.DEFAULT.requests(RequestClass.EVALUATION)).isEqualTo("freshet.requests.evaluation");
        assertThat(Topics.DEFAULT.requests(RequestClass.BULK)).isEqualTo("freshet.requests.bulk");
        assertThat(Topics.DEFAULT.control()).isEqualTo("freshet.control");
        assertThat(Topics.DEFAULT.deadLetters()).isEqualTo("freshet.requests.dlq");
        assertThat(Topics.DEFAULT.images()).isEqualTo("freshet.images");
        assertThat(Topics.DEFAULT.status()).isEqualTo("freshet.status");
    }

    @Test
    void areAllMadeByDockerCompose() throws IOException {
        String made = Files.readAllLines(Path.of("..", "docker-compose.yml")).stream()
                .filter(line -> line.strip().startsWith("for name in "))
                .findFirst()
                .orElseThrow()
                .replaceAll(".*for name in (.*); do", "$1");

        assertThat(made.split(" "))
                .containsExactlyInAnyOrderElementsOf(Topics.DEFAULT.all().stream()
                        .map(name -> name.substring("freshet.".length()))
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a/b", "é", "a\n"})
    void refuseAPrefixThatKafkaWould(String prefix) {
        assertThatThrownBy(() -> new Topics(prefix))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Topic prefix '" + prefix + "' is not usable: expected 1 to 100 letters");
    }
}
