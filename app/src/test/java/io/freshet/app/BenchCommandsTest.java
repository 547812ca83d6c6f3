package io.freshet.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the commands report, not how fast this machine is. */
class BenchCommandsTest {
    private final ByteArrayOutputStream messages = new ByteArrayOutputStream();
    private final ByteArrayOutputStream results = new ByteArrayOutputStream();

    private int run(String... arguments) {
        Terminal terminal = new Terminal(new PrintStream(messages, true, StandardCharsets.UTF_8), 0, true);
        Session session = new Session(
                terminal, new PrintStream(results, true, StandardCharsets.UTF_8), StopSignals.takeOver(terminal));
        return Main.commandLine(session).execute(arguments);
    }

    private String messages() {
        return messages.toString(StandardCharsets.UTF_8);
    }

    private JsonNode json() throws IOException {
        return new ObjectMapper().readTree(results.toString(StandardCharsets.UTF_8));
    }

    @Test
    void samplingTellsOfAllThreeForms() throws IOException {
        int exitCode = run(
                "bench",
                "sampling",
                "--model",
                "u-dit-t",
                "--batch",
                "2",
                "--rounds",
                "7",
                "--threads",
                "1",
                "--matmul",
                "128",
                "--json");
        assertThat(exitCode).as(messages()).isEqualTo(ExitCode.OK);
        JsonNode json = json();
        for (String field : new String[] {
            "referenceSeconds",
            "fp32Seconds",
            "bf16Seconds",
            "fp32Ratio",
            "bf16Ratio",
            "matmulGflopsFp32",
            "matmulGflopsBf16",
            "fp32CacheSeconds",
            "bf16CacheSeconds",
            "bf16CacheRatio",
            "bf16Utilisation"
        }) {
            assertThat(json.path(field).asDouble()).as(field).isPositive();
        }
        assertThat(json.path("fp32Ratio").asDouble())
                .isEqualTo(json.path("referenceSeconds").asDouble()
                        / json.path("fp32Seconds").asDouble());
        assertThat(json.path("cacheInterval").asInt()).isEqualTo(3);
        assertThat(json.path("fp32CacheRatio").asDouble())
                .isEqualTo(json.path("fp32Seconds").asDouble()
                        / json.path("fp32CacheSeconds").asDouble());
        double whole = json.at("/spreads/fp32WholeSeconds/median").asDouble();
        double shallow = json.at("/spreads/fp32ShallowSeconds/median").asDouble();
        assertThat(json.path("fp32CacheSeconds").asDouble()).isCloseTo((whole + 2 * shallow) / 3, within(1e-9));
        assertThat(shallow).isBetween(1e-9, whole);
        assertThat(json.path("model").asText()).isEqualTo("U-DiT-T");
        assertThat(json.path("batch").asInt()).isEqualTo(2);
        assertThat(json.path("rounds").asInt()).isEqualTo(7);
        assertThat(json.path("threads").asInt()).isEqualTo(1);
        assertThat(json.path("fp32Error").asDouble()).isBetween(0.0, 2e-5);
        assertThat(json.path("bf16Error").asDouble()).isBetween(1e-6, 0.05);
        JsonNode spread = json.path("spreads").path("bf16Seconds");
        assertThat(spread.path("min").asDouble())
                .isBetween(1e-9, spread.path("max").asDouble());
    }

    @Test
    void engineTellsOfBothKindsOfBatching() throws IOException {
        assertThat(run("bench", "engine", "--requests", "100", "--rounds", "3", "--json"))
                .as(messages())
                .isEqualTo(ExitCode.OK);
        JsonNode json = json();
        for (String field : new String[] {
            "shortMedianSecondsContinuous",
            "shortMedianSecondsStatic",
            "shortP95SecondsContinuous",
            "shortP95SecondsStatic",
            "imagesPerSecondContinuous",
            "imagesPerSecondStatic",
            "engineStepSeconds",
            "bareForwardSeconds"
        }) {
            assertThat(json.path(field).asDouble()).as(field).isPositive();
        }
        assertThat(json.path("shortMedianRatio").asDouble()).isGreaterThan(1);
        assertThat(json.path("engineOverhead").isNumber()).isTrue();
        assertThat(json.path("time").asText()).isEqualTo("virtual");
    }

    @Test
    void memoryFailsOnlyIfItGrowsByMoreThanTheBound() throws IOException {
        assertThat(run("bench", "memory", "--steps", "10", "--swaps", "10", "--bound", "1e6", "--json"))
                .as(messages())
                .isEqualTo(ExitCode.OK);
        JsonNode json = json();
        assertThat(json.path("startMiB").asDouble()).isPositive();
        assertThat(json.path("residentMiB")).hasSize(22);
        assertThat(json.path("growthMiB").asDouble())
                .isEqualTo(
                        json.path("flatness").asDouble() * json.path("startMiB").asDouble(), within(1e-6));
        assertThat(json.path("pass").asBoolean()).isTrue();
    }

    @Test
    void jobTellsOfEachPartWithItsTarget() throws IOException {
        int exitCode = run(
                "bench",
                "job",
                "--only",
                "barrier,throughput",
                "--model",
                "small",
                "--checkpoints",
                "3",
                "--rounds",
                "1",
                "--images",
                "4",
                "--json");
        assertThat(exitCode).as(messages()).isIn(ExitCode.OK, ExitCode.FAILURE);
        JsonNode json = json();
        assertThat(json.path("parts")).extracting(JsonNode::asText).containsExactly("barrier", "throughput");
        for (String name : new String[] {"barrierP99Millis", "throughputRatio"}) {
            JsonNode figure = json.path("figures").path(name);
            assertThat(figure.path("value").isNumber()).as(name).isTrue();
            assertThat(figure.path("target").asDouble()).as(name).isPositive();
            assertThat(figure.path("pass").isBoolean()).as(name).isTrue();
        }
        assertThat(json.path("pass").asBoolean()).isEqualTo(exitCode == ExitCode.OK);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sampling --rounds 3              | rounds is 3, expected at least 7",
                "sampling --batch 0               | batch is 0, expected at least 1",
                "sampling --threads 0             | threads is 0, expected at least 1",
                "sampling --model U-ViT           | there is no network 'U-ViT'",
                "sampling --model DiT-S/8         | no reference form of a dit",
                "sampling --model U-DiT-S-Vanilla | expected those of the paper",
                "engine --requests 3              | requests is 3, expected at least 20",
                "engine --utilisation 1.5         | utilisation is 1.5, expected between 0 and 1",
                "engine --rounds 0                | rounds is 0, expected 1 to 999",
                "memory --steps 5                 | 5 steps and 100 swaps, expected at least 10 of each",
                "memory --bound 0                 | the bound is 0.0 MiB, expected more than 0",
                "job --only speed                 | there is nothing called 'speed' to be measured: expected some of barrier",
                "job --model DiT-S/8              | 'DiT-S/8' is no U-DiT: expected one, such as U-DiT-S, or 'small'",
                "job --swaps 3                    | 3 swaps, expected at least 10",
                "job --cancels 3                  | 3 rounds, expected at least 10",
                "job --rounds 0                   | rounds is 0, expected at least 1",
            })
    void badInputIsRefusedWithWhatIsExpected(String arguments, String message) {
        assertThat(run(("bench " + arguments).split(" +"))).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains(message);
        assertThat(results.size()).isZero();
    }

    @Test
    void asksForACommand() {
        assertThat(run("bench")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("A command is missing: sampling, engine, memory, job or sampler.");
    }
}
