package io.freshet.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.Terminal;
import io.freshet.app.images.ImageFolder;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointDescription.ImageShape;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.image.Png;
import io.freshet.model.Architectures;
import io.freshet.model.UDitConfig;
import io.freshet.model.UDitInit;
import io.freshet.model.UDitParameters;
import io.freshet.model.autoencoder.AutoencoderConfig;
import io.freshet.model.autoencoder.AutoencoderParameters;
import io.freshet.weights.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleCommandTest {
    private static final UDitConfig LATENT = UDitConfig.paper(8, 4, 8, List.of(1, 1, 1, 1, 1), 2, 2, 2);
    private static final AutoencoderConfig AUTOENCODER =
            new AutoencoderConfig(3, 3, List.of(8, 8), 1, 4, 4, 0.18215, 16);

    @TempDir
    Path directory;

    private final ByteArrayOutputStream messages = new ByteArrayOutputStream();
    private final ByteArrayOutputStream results = new ByteArrayOutputStream();
    private CheckpointStore store;

    @BeforeEach
    void openStore() {
        store = new CheckpointStore(directory.resolve("store"));
    }

    private int sample(String out, String... more) {
        List<String> arguments = new ArrayList<>(List.of("sample", store.root().toString(), "--steps", "3"));
        arguments.addAll(List.of("--count", "5", "--json", "--device", "cpu"));
        arguments.addAll(List.of("--out", directory.resolve(out).toString()));
        arguments.addAll(List.of(more));
        Terminal terminal = new Terminal(new PrintStream(messages, true, StandardCharsets.UTF_8), 0, true);
        Session session = new Session(
                terminal, new PrintStream(results, true, StandardCharsets.UTF_8), StopSignals.takeOver(terminal));
        return Main.commandLine(session).execute(arguments.toArray(String[]::new));
    }

    private String messages() {
        return messages.toString(StandardCharsets.UTF_8);
    }

    /** Random weights, so that what is drawn depends on everything. */
    private static Map<String, Tensor> noise(long seed, Map<String, long[]> shapes) {
        Random random = new Random(seed);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> {
            int numel = 1;
            for (long size : shape) {
                numel *= (int) size;
            }
            float[] values = new float[numel];
            for (int i = 0; i < numel; i++) {
                values[i] = (float) (0.2 * random.nextGaussian());
            }
            weights.put(name, Tensor.of(values, shape));
        });
        return weights;
    }

    private CheckpointRef denoiser(long step, ObjectNode config) throws Exception {
        Map<String, Tensor> weights =
                UDitInit.draw((UDitConfig) Architectures.config(UDitConfig.ARCHITECTURE, config), step);
        return store.publish(
                new CheckpointDescription(
                        "latent",
                        step,
                        UDitConfig.ARCHITECTURE,
                        config,
                        List.of("circle", "square"),
                        new ImageShape(4, 8, 8),
                        JsonNodeFactory.instance.objectNode()),
                weights);
    }

    private CheckpointRef autoencoder(String name, long step, long seed) throws Exception {
        return store.publish(
                new CheckpointDescription(
                        name,
                        step,
                        AutoencoderConfig.ARCHITECTURE,
                        AUTOENCODER.json(),
                        List.of(),
                        new ImageShape(3, 16, 16),
                        JsonNodeFactory.instance.objectNode()),
                noise(seed, AutoencoderParameters.of(AUTOENCODER)));
    }

    private List<JsonNode> manifest(String out) throws Exception {
        List<JsonNode> rows = new ArrayList<>();
        for (String line : Files.readAllLines(directory.resolve(out).resolve(ImageFolder.MANIFEST))) {
            rows.add(new ObjectMapper().readTree(line));
        }
        return rows;
    }

    @Test
    void drawsLatentsAndDecodesThemWithTheAutoencoderBesideThem() throws Exception {
        CheckpointRef model = denoiser(1, Architectures.describe(LATENT));
        CheckpointRef decoder = autoencoder("ae", 7, 3);
        assertThat(sample("first")).as(messages()).isEqualTo(ExitCode.OK);
        List<JsonNode> rows = manifest("first");
        assertThat(rows).hasSize(5).allSatisfy(row -> {
            assertThat(row.path("checkpointSha256").asText())
                    .as("the latest, which is no autoencoder")
                    .isEqualTo(model.sha256());
            assertThat(row.path("autoencoderSha256").asText()).isEqualTo(decoder.sha256());
            assertThat(row.path("width").asInt()).as("pixels").isEqualTo(16);
        });
        byte[] png = Files.readAllBytes(
                directory.resolve("first").resolve(rows.get(0).path("file").asText()));
        assertThat(Png.decode(png).height()).isEqualTo(16);
        JsonNode report = new ObjectMapper().readTree(results.toString(StandardCharsets.UTF_8));
        assertThat(report.path("device").asText()).isEqualTo("cpu");
        assertThat(report.path("batchInvariant").isBoolean()).isTrue();
        assertThat(report.path("buckets"))
                .as("chosen from those that were timed")
                .isNotEmpty();
        assertThat(report.path("passMillis").path("4").asDouble()).isPositive();
        assertThat(report.path("autoencoderSha256").asText()).isEqualTo(decoder.sha256());

        results.reset();
        assertThat(sample("again", "--buckets", "4,6")).isEqualTo(ExitCode.OK);
        report = new ObjectMapper().readTree(results.toString(StandardCharsets.UTF_8));
        assertThat(report.path("buckets").toString()).as("told").isEqualTo("[4,6]");
        assertThat(report.path("passMillis").isEmpty()).as("nothing timed").isTrue();
        assertThat(manifest("again"))
                .extracting(row -> row.path("fileSha256").asText())
                .as("the same images again, in other batches")
                .isEqualTo(rows.stream()
                        .map(row -> row.path("fileSha256").asText())
                        .toList());
    }

    @Test
    void drawsOtherBitsInBf16AndSaysSoInTheManifest() throws Exception {
        store.publish(
                new CheckpointDescription(
                        "noise",
                        1,
                        UDitConfig.ARCHITECTURE,
                        Architectures.describe(LATENT),
                        List.of("circle", "square"),
                        new ImageShape(4, 8, 8),
                        JsonNodeFactory.instance.objectNode()),
                noise(1, UDitParameters.of(LATENT)));
        autoencoder("ae", 7, 3);
        assertThat(sample("exact")).as(messages()).isEqualTo(ExitCode.OK);
        assertThat(sample("rounded", "--precision", "bf16")).as(messages()).isEqualTo(ExitCode.OK);
        assertThat(manifest("exact"))
                .extracting(row -> row.path("precision").asText())
                .containsOnly("fp32");
        assertThat(manifest("rounded"))
                .extracting(row -> row.path("precision").asText())
                .containsOnly("bf16");
        assertThat(manifest("rounded").get(0).path("featureCache").asInt()).isEqualTo(1);
        assertThat(manifest("rounded").get(0).path("fileSha256"))
                .isNotEqualTo(manifest("exact").get(0).path("fileSha256"));
        assertThat(sample("half", "--precision", "half")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("precision is 'half': expected 'auto' or one of 'fp32', 'bf16'");
        assertThat(sample("long", "--feature-cache", "21")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("featureCache is 21: expected 1 (off) to 20");
    }

    @Test
    void wantsToBeToldWhichOfSeveralAutoencoders() throws Exception {
        denoiser(1, Architectures.describe(LATENT));
        CheckpointRef one = autoencoder("one", 0, 3);
        autoencoder("two", 0, 4);
        assertThat(sample("out")).isEqualTo(ExitCode.FAILURE);
        assertThat(messages()).contains("there are 2 autoencoders", "--autoencoder", "sha256:" + one.shortSha());
        assertThat(directory.resolve("out")).doesNotExist();
        assertThat(sample("out", "--autoencoder", "sha256:" + one.shortSha())).isEqualTo(ExitCode.OK);
        assertThat(manifest("out").get(0).path("autoencoderSha256").asText()).isEqualTo(one.sha256());
    }

    @Test
    void saysWhatToImportForACheckpointOfLatents() throws Exception {
        denoiser(1, Architectures.describe(LATENT));
        assertThat(sample("out")).isEqualTo(ExitCode.FAILURE);
        assertThat(messages()).contains("draws latents of 4 channels", "freshet checkpoint import");
    }

    @Test
    void drawsNothingFromAnAutoencoder() throws Exception {
        CheckpointRef only = autoencoder("ae", 0, 3);
        assertThat(sample("out")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("it holds none, and 1 autoencoders");
        assertThat(sample("out", "--checkpoint", "sha256:" + only.shortSha())).isEqualTo(ExitCode.FAILURE);
        assertThat(messages()).contains("is an autoencoder", "name a denoiser");
    }

    @Test
    void guidesNothingWithoutANullLabel() throws Exception {
        ObjectNode config = Architectures.describe(LATENT);
        ((ObjectNode) config.get("recipe")).put("nullLabel", false);
        denoiser(1, config);
        autoencoder("ae", 0, 3);
        assertThat(sample("out", "--guidance", "2")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("guidance is 2.0", "without a null label", "expected 1 (off)");
        assertThat(sample("out", "--guidance", "1")).as(messages()).isEqualTo(ExitCode.OK);
    }
}
