package io.freshet.app.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.client.Answers;
import io.freshet.image.Png;
import io.freshet.schemas.avro.GeneratedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
    @TempDir
    Path directory;

    @Test
    void holdsAFileAndARowForEachImageInOrder() throws Exception {
        ImageFolder folder = ImageFolder.create(directory.resolve("out"), 12);
        for (int index = 11; index >= 0; index--) {
            folder.add(Answers.image("r", index, 12));
        }
        Path published = folder.publish("twelve");

        try (Stream<Path> files = Files.list(published)) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.matches("\\d.*")))
                    .containsExactlyInAnyOrder(
                            "00-disc.png",
                            "01-star.png",
                            "02-disc.png",
                            "03-star.png",
                            "04-disc.png",
                            "05-star.png",
                            "06-disc.png",
                            "07-star.png",
                            "08-disc.png",
                            "09-star.png",
                            "10-disc.png",
                            "11-star.png");
        }
        List<JsonNode> rows = new ArrayList<>();
        for (String line : Files.readAllLines(published.resolve(ImageFolder.MANIFEST))) {
            rows.add(new ObjectMapper().readTree(line));
        }
        assertThat(rows).as("rows of the manifest").hasSize(12);
        for (int index = 0; index < 12; index++) {
            JsonNode row = rows.get(index);
            assertThat(row.get("index").asInt()).as("order of rows").isEqualTo(index);
            assertThat(published.resolve(row.get("file").asText())).exists();
            assertThat(row.get("seed").asLong()).isEqualTo(7);
            assertThat(row.get("checkpointSha256").asText()).hasSize(64);
            assertThat(row.get("sampler").asText()).isEqualTo("ddim");
            assertThat(row.get("guidedChannels").asText()).isEqualTo("all");
            assertThat(row.get("guidanceMinNoise").asDouble()).isEqualTo(0.25);
            assertThat(row.get("guidanceMaxNoise").isNull()).as("no limit").isTrue();
            assertThat(row.get("precision").asText()).isEqualTo("bf16");
            assertThat(row.get("featureCache").asInt()).isEqualTo(3);
        }
        assertThat(Png.decode(Files.readAllBytes(ImageFolder.contactSheetOf(published))))
                .as("contact sheet")
                .isNotNull();
        assertThat(directory.resolve("out.partial")).as("working folder").doesNotExist();
    }

    @Test
    void tellsWhereAnImageIsThatWasNotSent() throws Exception {
        ImageFolder folder = ImageFolder.create(directory.resolve("out"), 2);
        for (int index = 0; index < 2; index++) {
            GeneratedImage image = Answers.image("r", index, 2);
            image.setPng(ByteBuffer.allocate(0));
            if (index == 0) {
                image.setShard("r/shard-000000");
                image.setMember("r-000000000.png");
            } else {
                image.setWithheld("too large");
            }
            folder.add(image);
        }
        Path published = folder.publish("two");
        List<String> rows = Files.readAllLines(published.resolve(ImageFolder.MANIFEST));
        JsonNode sharded = new ObjectMapper().readTree(rows.get(0));
        assertThat(sharded.get("shard").asText() + "/" + sharded.get("member").asText())
                .isEqualTo("r/shard-000000/r-000000000.png");
        assertThat(sharded.has("file")).as("has a file").isFalse();
        assertThat(new ObjectMapper().readTree(rows.get(1)).get("withheld").asText())
                .isEqualTo("too large");
        assertThat(folder.elsewhere()).isEqualTo(2);
        assertThat(published.toFile().list()).containsExactly(ImageFolder.MANIFEST);
    }

    @Test
    void appearsUnderItsNameOnlyWhenComplete() throws Exception {
        Path target = directory.resolve("out");
        ImageFolder folder = ImageFolder.create(target, 2);
        folder.add(Answers.image("r", 0, 2));
        assertThat(target).as("before the last image").doesNotExist();
        folder.add(Answers.image("r", 1, 2));
        folder.publish("two");
        assertThat(target).as("afterwards").isDirectory();
    }

    @Test
    void refusesAFolderWithSomethingInIt() throws Exception {
        Path target = Files.createDirectory(directory.resolve("out"));
        Files.writeString(target.resolve("precious.txt"), "mine");
        assertThatThrownBy(() -> ImageFolder.create(target, 2))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is not empty")
                .hasMessageContaining("--out");
    }

    @Test
    void keepsStrangeClassNamesOutOfThePath() throws Exception {
        ImageFolder folder = ImageFolder.create(directory.resolve("out"), 1);
        var image = Answers.image("r", 0, 1);
        image.setClassName("../../etc/passwd");
        folder.add(image);
        Path published = folder.publish("one");
        assertThat(published.resolve("0-______etc_passwd.png")).exists();
    }
}
