package io.freshet.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.app.console.ExitCode;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MainTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream messages = new ByteArrayOutputStream();
    private final ByteArrayOutputStream results = new ByteArrayOutputStream();
    private final StringWriter help = new StringWriter();

    private int run(String... arguments) {
        Terminal terminal = new Terminal(new PrintStream(messages, true, StandardCharsets.UTF_8), 0, true);
        Session session = new Session(
                terminal, new PrintStream(results, true, StandardCharsets.UTF_8), StopSignals.takeOver(terminal));
        CommandLine commandLine = Main.commandLine(session);
        commandLine.setOut(new PrintWriter(help));
        return commandLine.execute(arguments);
    }

    private String messages() {
        return messages.toString(StandardCharsets.UTF_8);
    }

    @Test
    void namesTheVersionsOfItsParts() {
        assertThat(run("--version")).isEqualTo(ExitCode.OK);
        assertThat(help.toString())
                .contains("freshet ", "LibTorch 2.", "Flink 2.", "Kafka 4.")
                .doesNotContain("${");
    }

    @ParameterizedTest
    @ValueSource(strings = {"quickstart", "generate", "sample", "train"})
    void teachesEachCommandWithExamples(String command) {
        assertThat(run(command, "--help")).isEqualTo(ExitCode.OK);
        assertThat(help.toString()).contains("Usage: freshet " + command, "Examples:", "  freshet " + command);
    }

    @Test
    void writesTheHelpOfEveryCommandWithoutAComplaint() {
        Session session = new Session(
                new Terminal(new PrintStream(messages, true, StandardCharsets.UTF_8), 0, true),
                System.out,
                StopSignals.takeOver(new Terminal(System.err, 0, true)));
        PrintStream standardError = System.err;
        System.setErr(new PrintStream(messages, true, StandardCharsets.UTF_8)); // where picocli writes its warnings
        try {
            everyCommand(Main.commandLine(session)).forEach(CommandLine::getUsageMessage);
        } finally {
            System.setErr(standardError);
        }
        assertThat(messages()).isEmpty();
    }

    private static Stream<CommandLine> everyCommand(CommandLine command) {
        return Stream.concat(
                Stream.of(command), command.getSubcommands().values().stream().flatMap(MainTest::everyCommand));
    }

    @Test
    void saysWhatIsWrongWithTheArgumentsInOneLine() {
        assertThat(run("generate", "--count", "many")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages().lines())
                .as("the fault, and where to look")
                .containsExactly(
                        "freshet: Invalid value for option '--count': 'many' is not an int",
                        "Try 'freshet generate --help' for its options and examples.");
    }

    @Test
    void asksForACommand() {
        assertThat(run()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("A command is missing", "freshet --help");
    }

    @Test
    void saysHowToGetALocalRunWhenNoneIsUp() {
        assertThat(run("generate", "--runs-dir", directory.toString())).isEqualTo(ExitCode.FAILURE);
        assertThat(messages())
                .contains("no local run is up in '" + directory + "'", "--keep-running", "--bootstrap-servers")
                .doesNotContain("Exception");
    }

    @Test
    void saysWhenNoBrokerAnswersAndLeavesNothingBehind() {
        Path out = directory.resolve("images");
        // Port 1 is closed everywhere.
        int exitCode = run("generate", "--bootstrap-servers", "127.0.0.1:1", "--out", out.toString());
        assertThat(exitCode).isEqualTo(ExitCode.FAILURE);
        assertThat(messages())
                .contains("No Kafka broker answers at 127.0.0.1:1")
                .doesNotContain("\tat ");
        assertThat(directory).as("nothing half-done is left").isEmptyDirectory();
    }

    @Test
    void refusesTheNameOfARunThatIsThere() throws Exception {
        Files.createDirectories(directory.resolve("first"));
        assertThat(run("quickstart", "--runs-dir", directory.toString(), "--name", "first"))
                .isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("there is a run of that name already", "first");
    }

    @Test
    void refusesSettingsBeforeAnythingIsStarted() {
        assertThat(run("quickstart", "--runs-dir", directory.toString(), "--evaluation-samples", "3"))
                .isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("3 images: expected at least 20");
        assertThat(directory).as("no run directory").isEmptyDirectory();
    }

    @Test
    void saysThatAStoreIsEmpty() {
        assertThat(run("sample", directory.toString())).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("There is no checkpoint 'latest' in " + directory, "it holds none");
    }
}
