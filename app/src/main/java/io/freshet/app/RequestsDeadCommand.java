package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.letters.DeadLetter;
import io.freshet.app.letters.DeadLetterBox;
import io.freshet.app.letters.DeadLetterBox.Contents;
import io.freshet.app.local.Endpoint;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Lists dead letters. */
@Command(
        name = "dead",
        description = {
            "List the messages that a job has refused, with the reason of each.",
            "",
            "'replayed' stands beside those that were sent again, and 'no value' beside those that cannot be."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet requests dead --since 1h",
            "  freshet requests dead --bootstrap-servers kafka:9092 --stage candidate --json"
        })
final class RequestsDeadCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private RequestsCommand parent;

    @Mixin
    private EndpointOptions broker = new EndpointOptions();

    @Mixin
    private LetterOptions which = new LetterOptions();

    @Option(names = "--json", description = "Print one JSON object on standard output: 'letters', a list.")
    private boolean asJson;

    RequestsDeadCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(parent.verbose());
        Endpoint endpoint = broker.find();
        try (DeadLetterBox box = new DeadLetterBox(endpoint.bootstrapServers(), EndpointOptions.topics(endpoint))) {
            Contents contents = box.look(which.sinceMillis(), which.choice());
            List<DeadLetter> letters = contents.letters();
            if (asJson) {
                session.results()
                        .println(new ObjectMapper()
                                .writeValueAsString(Map.of(
                                        "letters",
                                        letters.stream()
                                                .map(letter -> {
                                                    Map<String, Object> fields = letter.fields();
                                                    fields.put(
                                                            "replayed",
                                                            contents.replayed().contains(letter.name()));
                                                    return fields;
                                                })
                                                .toList())));
            } else if (letters.isEmpty()) {
                session.terminal().line("no dead letters" + (which.isGiven() ? " of that kind" : ""));
            } else {
                LetterTable.lines(letters, letter -> mark(letter, contents)).forEach(session.results()::println);
            }
            return ExitCode.OK;
        } catch (IOException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
    }

    private static String mark(DeadLetter letter, Contents contents) {
        if (contents.replayed().contains(letter.name())) {
            return "replayed";
        }
        return letter.hasValue() ? "" : "no value";
    }
}
