package io.freshet.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.checkpoints.CheckpointExport.Format;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.Terminal;
import io.freshet.checkpoint.Checkpoint;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.model.UDitConfig;
import io.freshet.model.UDitInit;
import io.freshet.model.autoencoder.AutoencoderConfig;
import io.freshet.model.autoencoder.AutoencoderParameters;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import io.freshet.weights.torchfile.TorchFile;
import io.freshet.weights.torchfile.TorchTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointCommandsTest {
    private static final Path FIXTURES = Path.of("../model-runtime/src/test/resources/fixtures");
    private static final String TRAINED =
            FIXTURES.resolve("checkpoint/udit_tiny_zip.pt").toString();

    @TempDir
    Path directory;

    private final ByteArrayOutputStream messages = new ByteArrayOutputStream();
    private final ByteArrayOutputStream results = new ByteArrayOutputStream();

    private int run(String... arguments) {
        Terminal terminal = new Terminal(new PrintStream(messages, true, StandardCharsets.UTF_8), 0, true);
        Session session = new Session(
                terminal, new PrintStream(results, true, StandardCharsets.UTF_8), StopSignals.takeOver(terminal));
        return Main.commandLine(session).execute(arguments);
    }

    private int importInto(String store, String... arguments) {
        String[] all = Arrays.copyOf(new String[] {"checkpoint", "import"}, arguments.length + 4);
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        all[all.length - 2] = "--store";
        all[all.length - 1] = directory.resolve(store).toString();
        return run(all);
    }

    private String messages() {
        return messages.toString(StandardCharsets.UTF_8);
    }

    private Checkpoint only(String store) throws Exception {
        CheckpointStore opened = new CheckpointStore(directory.resolve(store));
        List<CheckpointRef> refs = opened.list();
        assertThat(refs).hasSize(1);
        return opened.open(refs.get(0));
    }

    private static Map<String, Tensor> recorded(String prefix) throws IOException {
        Map<String, Tensor> found = new LinkedHashMap<>();
        SafeTensors.read(FIXTURES.resolve("checkpoint/udit_tiny_expected.safetensors"))
                .tensors()
                .forEach((name, tensor) -> {
                    if (name.startsWith(prefix)) {
                        found.put(name.substring(prefix.length()), tensor);
                    }
                });
        return found;
    }

    @Nested
    class Importing {
        @Test
        void takesTheAveragedWeightsOfATrainingRunAndTellsWhatTheyAre() throws Exception {
            assertThat(importInto("store", TRAINED, "--set", "inputSize=8", "--try", "--json"))
                    .as(messages())
                    .isEqualTo(ExitCode.OK);
            Checkpoint checkpoint = only("store");
            assertThat(checkpoint.tensors()).isEqualTo(recorded("ema."));
            JsonNode json = new ObjectMapper().readTree(results.toString(StandardCharsets.UTF_8));
            assertThat(json.path("architecture").asText()).isEqualTo("u-dit");
            assertThat(json.path("config").path("hiddenSize").asInt()).isEqualTo(4);
            assertThat(json.path("config").path("inputSize").asInt()).isEqualTo(8);
            assertThat(json.path("weights").asText()).isEqualTo("ema");
            assertThat(json.path("parameters").asLong()).isEqualTo(40_810);
            assertThat(json.path("trial").path("forwardSeconds").asDouble()).isPositive();
        }

        @Test
        void takesTheWeightsThatAreAskedFor() throws Exception {
            assertThat(importInto("store", TRAINED, "--weights", "model", "--name", "mine", "--step", "7"))
                    .isEqualTo(ExitCode.OK);
            Checkpoint checkpoint = only("store");
            assertThat(checkpoint.tensors()).isEqualTo(recorded("model."));
            assertThat(checkpoint.ref().model()).isEqualTo("mine");
            assertThat(checkpoint.ref().step()).isEqualTo(7);
        }

        @Test
        void takesAnAutoencoderUnderItsOldNames() throws Exception {
            AutoencoderConfig config = new AutoencoderConfig(3, 3, List.of(16, 32), 1, 4, 16, 0.18215, 256);
            Map<String, Tensor> weights = new LinkedHashMap<>();
            AutoencoderParameters.of(config)
                    .forEach((name, shape) -> weights.put(
                            name.replace(".to_q.", ".query.").replace(".to_out.0.", ".proj_attn."),
                            Tensor.of(new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)], shape)));
            Path file = directory.resolve("vae.safetensors");
            new SafeTensors(Map.of(), weights).write(file);
            assertThat(importInto("store", file.toString(), "--set", "sampleSize=16", "--try"))
                    .as(messages())
                    .isEqualTo(ExitCode.OK);
            assertThat(only("store").tensors())
                    .containsOnlyKeys(AutoencoderParameters.of(config).keySet());
            assertThat(only("store").manifest().description().architecture()).isEqualTo("autoencoder-kl");
        }

        @ParameterizedTest
        @ValueSource(strings = {"malicious_os_system_zip", "malicious_os_system_legacy", "bad_truncated_zip"})
        void refusesWhatIsHostileOrDamagedAndLeavesNothing(String file) {
            String path = FIXTURES.resolve("checkpoint/" + file + ".pt").toString();
            assertThat(importInto("store", path)).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(messages()).contains(file).containsAnyOf("refused 'posix.system'", "it is truncated");
            assertThat(directory.resolve("store")).doesNotExist();
        }

        @Test
        void listsDifferencesWithBothShapesAndTheNearestPreset() throws IOException {
            Map<String, Tensor> weights =
                    UDitInit.draw(UDitConfig.paper(16, 4, 8, List.of(1, 1, 1, 1, 1), 2, 2, 10), 1);
            weights.remove("output.bias");
            weights.put("x_embedder.proj.bias", Tensor.of(new float[3], 3));
            Path file = directory.resolve("broken.safetensors");
            new SafeTensors(Map.of(), weights).write(file);
            assertThat(importInto("store", file.toString())).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(messages())
                    .contains("'output.bias' [16] is missing")
                    .contains("'x_embedder.proj.bias' is F32[3], expected [8]")
                    .contains("nearest preset is U-DiT-");
            assertThat(directory.resolve("store")).doesNotExist();
        }

        @Test
        void holdsWeightsAgainstThePresetThatIsNamed() {
            assertThat(importInto("store", TRAINED, "--preset", "U-DiT-S")).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(messages()).contains("'x_embedder.proj.weight' is F32[4, 4, 3, 3], expected [96, 4, 3, 3]");
        }

        @Test
        void namesTheFieldsThatCanBeSet() {
            assertThat(importInto("store", TRAINED, "--set", "recipe.colour=1")).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(messages()).contains("no field 'recipe.colour'", "attention", "position");
        }
    }

    @Nested
    class BringingTorchScript {
        private String script(String expression) throws IOException {
            Path file = directory.resolve("network.ts");
            Graph g = new Graph("forward", ScriptModule::attribute);
            g.input("x");
            g.input("t");
            g.input("y");
            try (OutputStream out = Files.newOutputStream(file)) {
                new ScriptModule(Map.of(), List.of(g.result(g.emit(expression)))).writeTo(out);
            }
            return file.toString();
        }

        private int importScript(String file, String... more) {
            List<String> arguments = new ArrayList<>(List.of(
                    file,
                    "--set",
                    "inputSize=8",
                    "--set",
                    "inChannels=3",
                    "--set",
                    "numClasses=2",
                    "--set",
                    "learnSigma=false"));
            arguments.addAll(List.of(more));
            return importInto("store", arguments.toArray(new String[0]));
        }

        @Test
        void drawsFromAVelocityWithAFlowSamplerUnlessOneIsNamedThatDoesNotFit() throws Exception {
            assertThat(importScript(script("torch.mul(x, -1.)"), "--set", "prediction=VELOCITY"))
                    .as(messages())
                    .isEqualTo(ExitCode.OK);
            String store = directory.resolve("store").toString();
            Path out = directory.resolve("images");
            assertThat(run("sample", store, "--count", "2", "--steps", "3", "--out", out.toString()))
                    .as(messages())
                    .isEqualTo(ExitCode.OK);
            assertThat(Files.readString(out.resolve("manifest.jsonl"))).contains("\"sampler\":\"flow-heun\"");
            String none = directory.resolve("none").toString();
            assertThat(run("sample", store, "--count", "2", "--sampler", "ddim", "--out", none))
                    .isEqualTo(ExitCode.BAD_INPUT);
            assertThat(messages()).contains("the checkpoint predicts velocity: expected 'auto' or one of 'flow-euler'");
            assertThat(Path.of(none)).doesNotExist();
        }

        @Test
        void registersADenoiserThatIsSampledLikeOurs() throws Exception {
            assertThat(importScript(script("torch.mul(x, 0.5)"))).as(messages()).isEqualTo(ExitCode.OK);
            String out = directory.resolve("images").toString();
            assertThat(run(
                            "sample",
                            directory.resolve("store").toString(),
                            "--count",
                            "2",
                            "--steps",
                            "3",
                            "--out",
                            out))
                    .as(messages())
                    .isEqualTo(ExitCode.OK);
            assertThat(directory.resolve("images")).isDirectoryContaining("glob:**.png");
        }

        @Test
        void asksForWhatTorchScriptDoesNotTell() throws IOException {
            assertThat(importInto("store", script("x"), "--set", "inputSize=8")).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(messages()).contains("add --set inChannels=... --set numClasses=... --set learnSigma=...");
        }

        @ParameterizedTest
        @ValueSource(strings = {"torch.narrow(x, 1, 0, 1)", "torch.div(x, 0.)", "torch.matmul(x, t)"})
        void refusesOneThatDoesNotDoWhatIsSaidOfIt(String expression) throws IOException {
            assertThat(importScript(script(expression))).as(messages()).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(messages()).contains("does not run as");
            assertThat(directory.resolve("store")).doesNotExist();
        }

        @Test
        void refusesOneThatReachesBeyondTensors() throws IOException {
            assertThat(importScript(script("torch.from_file(\"f\")"))).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(messages()).contains("uses '.from_file'");
        }
    }

    @Nested
    class Exporting {
        private String export(Format format) {
            assertThat(importInto("store", TRAINED, "--set", "inputSize=8")).isEqualTo(ExitCode.OK);
            String file = directory.resolve("exported" + format.extension()).toString();
            assertThat(run(
                            "checkpoint",
                            "export",
                            directory.resolve("store").toString(),
                            "--format",
                            format.toString(),
                            "--out",
                            file))
                    .as(messages())
                    .isEqualTo(ExitCode.OK);
            return file;
        }

        @Test
        void torchScriptGivesTheNumbersOfTheOriginal() throws IOException {
            Path file = Path.of(export(Format.TORCHSCRIPT));
            Map<String, Tensor> all = recorded("");
            try (TorchModule network = TorchModule.load(file, TorchDevice.CPU)) {
                Tensor t = all.get("input.t").toFloat32();
                float[] out = network.run("forward", all.get("input.x"), t, all.get("input.y"))
                        .get(0)
                        .floats();
                float[] expected = all.get("expected.out").floats();
                double largest = 0;
                double difference = 0;
                for (int i = 0; i < out.length; i++) {
                    largest = Math.max(largest, Math.abs(expected[i]));
                    difference = Math.max(difference, Math.abs(expected[i] - out[i]));
                }
                assertThat(difference / largest).isLessThan(2e-5);
            }
        }

        @Test
        void ptHoldsTheWeightsForTorchLoad() throws IOException {
            try (TorchFile file = TorchFile.open(Path.of(export(Format.PT)))) {
                assertThat(file.at("ema", "output.bias"))
                        .isInstanceOfSatisfying(
                                TorchTensor.class,
                                tensor -> assertThat(tensor.shape()).containsExactly(8L));
            }
        }

        @ParameterizedTest
        @EnumSource(Format.class)
        void whatWasExportedIsImportedWithoutAQuestion(Format format) throws Exception {
            String file = export(format);
            assertThat(importInto("again", file)).as(messages()).isEqualTo(ExitCode.OK);
            Checkpoint again = only("again");
            assertThat(again.ref().model()).isEqualTo(only("store").ref().model());
            if (format != Format.TORCHSCRIPT) {
                assertThat(again.tensors()).isEqualTo(only("store").tensors());
                assertThat(again.manifest().description().config())
                        .isEqualTo(only("store").manifest().description().config());
            }
        }

        @Test
        void replacesAFileOnlyWhenTold() throws IOException {
            String file = export(Format.SAFETENSORS);
            byte[] before = Files.readAllBytes(Path.of(file));
            String store = directory.resolve("store").toString();
            assertThat(run("checkpoint", "export", store, "--format", "pt", "--out", file))
                    .isEqualTo(ExitCode.BAD_INPUT);
            assertThat(messages()).contains("is there already: --force replaces it");
            assertThat(Files.readAllBytes(Path.of(file))).isEqualTo(before);
            assertThat(run("checkpoint", "export", store, "--format", "pt", "--out", file, "--force"))
                    .isEqualTo(ExitCode.OK);
            assertThat(Files.readAllBytes(Path.of(file))).isNotEqualTo(before);
        }
    }

    @Test
    void listsAStoreAndFindsDamage() throws Exception {
        assertThat(importInto("store", TRAINED, "--name", "mine", "--step", "5"))
                .isEqualTo(ExitCode.OK);
        String store = directory.resolve("store").toString();
        assertThat(run("checkpoint", "list", store, "--verify")).isEqualTo(ExitCode.OK);
        assertThat(results.toString(StandardCharsets.UTF_8)).contains("mine", "mine-00000005-");
        Path weights = only("store").directory().resolve("weights.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        assertThat(run("checkpoint", "list", store, "--verify")).isEqualTo(ExitCode.FAILURE);
        assertThat(messages()).contains("it was changed or damaged");
    }

    @Test
    void showsNetworksAndTheirSizes() throws IOException {
        assertThat(run("model", "list", "--json")).isEqualTo(ExitCode.OK);
        JsonNode models = new ObjectMapper()
                .readTree(results.toString(StandardCharsets.UTF_8))
                .path("models");
        assertThat(models.findValuesAsText("name")).contains("U-DiT-L", "DiT-UNet", "DiT-XL/2", "SiT-LLaMA-S/2");
        results.reset();
        assertThat(run("model", "show", "dit-s-8")).isEqualTo(ExitCode.OK);
        assertThat(results.toString(StandardCharsets.UTF_8))
                .contains("DiT-S/8: dit, 33,148,160 parameters", "0 to 11 (12 alike)");
        assertThat(run("model", "show", "GPT")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("no network 'GPT'", "U-DiT-S");
    }
}
