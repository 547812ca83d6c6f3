package io.freshet.app;

import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.Terminal;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.OptionalInt;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code freshet} command. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        Terminal terminal = Terminal.standardError();
        Session session = new Session(terminal, System.out, StopSignals.takeOver(terminal));
        int exitCode = execute(session, args);
        System.out.flush();
        System.exit(session.stop().exitCode().orElse(exitCode));
    }

    private static int execute(Session session, String[] args) {
        try {
            return commandLine(session).execute(args);
        } catch (Error e) {
            // An interrupt in the middle of loading a class comes out as one.
            if (session.stop().exitCode().isEmpty()) {
                throw e;
            }
            session.terminal().status("");
            session.terminal().line("freshet: stopped");
            return ExitCode.INTERRUPTED;
        }
    }

    static CommandLine commandLine(Session session) {
        FreshetCommand root = new FreshetCommand();
        CommandLine commandLine = new CommandLine(root)
                .addSubcommand(new QuickstartCommand(session))
                .addSubcommand(new GenerateCommand(session))
                .addSubcommand(new SampleCommand(session))
                .addSubcommand(new TrainCommand(session))
                .addSubcommand(new TrainExtractorCommand(session))
                .addSubcommand(new CommandLine(new CheckpointCommand())
                        .addSubcommand(new CheckpointImportCommand(session))
                        .addSubcommand(new CheckpointListCommand(session))
                        .addSubcommand(new CheckpointExportCommand(session)))
                .addSubcommand(new CommandLine(new ModelCommand())
                        .addSubcommand(new ModelListCommand(session))
                        .addSubcommand(new ModelShowCommand(session)))
                .addSubcommand(new EvaluateCommand(session))
                .addSubcommand(new CommandLine(new RequestsCommand())
                        .addSubcommand(new RequestsDeadCommand(session))
                        .addSubcommand(new RequestsReplayCommand(session))
                        .addSubcommand(new RequestsCancelCommand(session)))
                .addSubcommand(new TrafficCommand(session))
                .addSubcommand(new ConformanceCommand(session))
                .addSubcommand(new CommandLine(new BenchCommand())
                        .addSubcommand(new BenchSamplingCommand(session))
                        .addSubcommand(new BenchEngineCommand(session))
                        .addSubcommand(new BenchMemoryCommand(session))
                        .addSubcommand(new BenchJobCommand(session))
                        .addSubcommand(new BenchSamplerCommand(session)))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpWidth(Math.max(80, Math.min(100, session.terminal().columns())));
        commandLine.setParameterExceptionHandler((e, arguments) -> badUsage(session, e));
        commandLine.setExecutionExceptionHandler((e, command, parsed) -> failed(session, root, parsed, e));
        return commandLine;
    }

    private static int badUsage(Session session, ParameterException e) {
        session.terminal().line("freshet: " + e.getMessage());
        StringWriter suggestions = new StringWriter();
        if (UnmatchedArgumentException.printSuggestions(e, new PrintWriter(suggestions))) {
            suggestions.toString().strip().lines().forEach(session.terminal()::line);
        }
        session.terminal()
                .line("Try '" + e.getCommandLine().getCommandSpec().qualifiedName()
                        + " --help' for its options and examples.");
        return ExitCode.BAD_INPUT;
    }

    private static int failed(Session session, FreshetCommand root, ParseResult parsed, Exception e) {
        session.terminal().status("");
        OptionalInt stopped = session.stop().exitCode();
        if (stopped.isPresent()) {
            session.terminal().line("freshet: stopped" + (e instanceof CommandException ? ": " + e.getMessage() : ""));
        } else {
            session.terminal().line("freshet: " + message(e));
        }
        if (root.verbose) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            trace.toString().lines().forEach(session.terminal()::line);
        }
        return stopped.orElse(e instanceof CommandException known ? known.exitCode() : ExitCode.FAILURE);
    }

    private static String message(Exception e) {
        if (e instanceof CommandException && e.getMessage() != null) {
            return e.getMessage();
        }
        return e.getClass().getSimpleName() + ": " + e.getMessage() + " (--verbose shows where)";
    }
}
