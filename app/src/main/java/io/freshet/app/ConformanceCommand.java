package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.conformance.Check;
import io.freshet.app.conformance.Conformance;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.console.Table;
import io.freshet.app.console.Table.Column;
import io.freshet.script.TorchDevice;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Checks this installation against recorded numbers of the original code. */
@Command(
        name = "conformance",
        description = {
            "Check this machine's numbers against those of the original Python code.",
            "",
            "Runs every fixture below a folder: a JSON file that tells the kind and the configuration, with a safetensors file of"
                    + " the same name beside it. A fixture that no runner takes fails.",
            "",
            "The error is the largest difference over the largest expected magnitude. The exit code is 1 if any check failed."
        },
        descriptionHeading = "%n",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet conformance fixtures",
            "  freshet conformance fixtures/udit --all",
            "      one line for every check, not only the worst of each fixture",
            "  freshet conformance fixtures --device cuda --json",
        })
final class ConformanceCommand implements Callable<Integer> {
    private static final int MOST_FAILURES_TOLD = 5;

    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private FreshetCommand root;

    @Parameters(paramLabel = "DIR", description = "A folder with fixtures, at any depth.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path folder;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cpu",
            description =
                    "Where networks run: cpu, cuda, cuda:N, or auto, the first GPU or else the CPU. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String device;

    @Option(names = "--all", description = "List every check.")
    private boolean all;

    @Option(
            names = "--json",
            description =
                    "Print one JSON object as the last line on standard output: 'checks', a list of fixture, check, error,"
                            + " tolerance and pass.")
    private boolean asJson;

    ConformanceCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(root.verbose);
        if (!Files.isDirectory(folder)) {
            throw CommandException.badInput("'" + folder + "' is no folder: expected one with fixtures");
        }
        TorchDevice on = parseDevice();
        Conformance conformance = new Conformance(folder, on);
        List<String> fixtures = fixtures(conformance);
        List<Check> checks = new ArrayList<>();
        try (ProgressBar bar = new ProgressBar(session.terminal(), "checking", "fixtures", fixtures.size())) {
            for (int i = 0; i < fixtures.size(); i++) {
                bar.update(i, fixtures.get(i));
                checks.addAll(conformance.run(fixtures.get(i)));
            }
        }
        PrintStream out = session.results();
        table(checks, on).forEach(asJson ? session.terminal()::line : out::println);
        if (asJson) {
            out.println(new ObjectMapper().writeValueAsString(Map.of("checks", checks)));
        }
        return checks.stream().allMatch(Check::pass) ? ExitCode.OK : ExitCode.FAILURE;
    }

    private TorchDevice parseDevice() throws CommandException {
        try {
            return TorchDevice.parse(device);
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(String.valueOf(e.getMessage()));
        }
    }

    private List<String> fixtures(Conformance conformance) throws CommandException {
        try {
            List<String> fixtures = conformance.fixtures();
            if (fixtures.isEmpty()) {
                throw CommandException.badInput("there are no fixtures below '" + folder
                        + "': expected .json files, with .safetensors files beside them");
            }
            return fixtures;
        } catch (IOException e) {
            throw CommandException.badInput("'" + folder + "' cannot be read: " + e.getMessage());
        }
    }

    /** Every failure, and of what passed either everything or the check of each fixture that came closest to failing. */
    private List<String> table(List<Check> checks, TorchDevice on) {
        List<Check> shown = new ArrayList<>();
        checks.stream().map(Check::fixture).distinct().forEach(fixture -> {
            List<Check> own =
                    checks.stream().filter(c -> c.fixture().equals(fixture)).toList();
            List<Check> failed = own.stream().filter(c -> !c.pass()).toList();
            if (all) {
                shown.addAll(own);
            } else if (!failed.isEmpty()) {
                shown.addAll(failed.subList(0, Math.min(MOST_FAILURES_TOLD, failed.size())));
            } else {
                own.stream().max(ConformanceCommand::closerToFailing).ifPresent(shown::add);
            }
        });
        Table table = new Table(
                Column.text("fixture"),
                Column.text("check"),
                Column.number("error"),
                Column.number("tolerance"),
                Column.text("result"));
        for (Check check : shown) {
            table.row(
                    check.fixture(),
                    check.check(),
                    String.format(Locale.ROOT, "%.2e", check.error()),
                    String.format(Locale.ROOT, "%.2e", check.tolerance()),
                    (check.pass() ? "pass" : "FAIL ") + check.detail());
        }
        List<String> lines = new ArrayList<>(table.lines());
        long fixtures = checks.stream().map(Check::fixture).distinct().count();
        long failures = checks.stream().filter(c -> !c.pass()).count();
        lines.add("");
        lines.add(checks.size() + " checks of " + fixtures + " fixtures on " + on + ": "
                + (failures == 0 ? "all passed" : failures + " failed"));
        return lines;
    }

    private static int closerToFailing(Check a, Check b) {
        return Double.compare(share(a), share(b));
    }

    private static double share(Check check) {
        return check.tolerance() == 0 ? 0 : check.error() / check.tolerance();
    }
}
