package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.Table;
import io.freshet.app.console.Table.Column;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Lists a store. */
@Command(
        name = "list",
        description = {
            "List the checkpoints in a store.",
            "",
            "With --verify every file is read and compared with its hash; the exit code is 1 if one is damaged."
        },
        descriptionHeading = "%n",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {"", "Examples:", "  freshet checkpoint list runs/first/checkpoints --verify"})
final class CheckpointListCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CheckpointCommand parent;

    @Parameters(
            arity = "0..1",
            paramLabel = "DIR",
            defaultValue = "checkpoints",
            description = "A checkpoint store. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path place;

    @Option(names = "--verify", description = "Read every file and compare it with its hash.")
    private boolean verify;

    @Option(names = "--json", description = "Print one JSON object on standard output: 'checkpoints', a list.")
    private boolean asJson;

    CheckpointListCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(parent.verbose());
        if (!Files.isDirectory(place)) {
            throw CommandException.badInput("'" + place + "' is no folder: expected a checkpoint store");
        }
        CheckpointStore store = new CheckpointStore(place);
        List<CheckpointRef> checkpoints = list(store);
        Table table =
                new Table(Column.text("model"), Column.number("step"), Column.text("sha256"), Column.text("directory"));
        checkpoints.forEach(ref ->
                table.row(ref.model(), Long.toString(ref.step()), ref.sha256().substring(0, 8), ref.directory()));
        table.lines().forEach(asJson ? session.terminal()::line : session.results()::println);
        if (asJson) {
            session.results().println(new ObjectMapper().writeValueAsString(Map.of("checkpoints", checkpoints)));
        }
        return verify && !verified(store, checkpoints) ? ExitCode.FAILURE : ExitCode.OK;
    }

    private static List<CheckpointRef> list(CheckpointStore store) throws CommandException {
        try {
            return store.list();
        } catch (CheckpointException e) {
            throw CommandException.badInput(e);
        }
    }

    private boolean verified(CheckpointStore store, List<CheckpointRef> checkpoints) {
        boolean whole = true;
        for (CheckpointRef checkpoint : checkpoints) {
            try {
                store.open(checkpoint);
            } catch (CheckpointException e) {
                whole = false;
                session.terminal().line("freshet: " + e.getMessage());
            }
        }
        session.terminal().line(whole ? "all " + checkpoints.size() + " checkpoints are as they were published" : "");
        return whole;
    }
}
