package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.letters.DeadLetter;
import io.freshet.app.letters.DeadLetterBox;
import io.freshet.app.letters.DeadLetterBox.Contents;
import io.freshet.app.letters.LetterReplay;
import io.freshet.app.local.Endpoint;
import io.freshet.schemas.Topics;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Sends dead letters again. */
@Command(
        name = "replay",
        description = {
            "Send messages that a job has refused again, as they came, to where they stood.",
            "",
            "A letter that was replayed before is left out, so that the same command can be given twice. What is refused"
                    + " again becomes a dead letter again."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet requests replay --code unknown-class --since 2h --dry-run",
            "      what would be sent",
            "  freshet requests replay --id order-17",
            "  freshet requests replay --offset 17-25 --again",
            "",
            "Exit codes: 0 done, also where nothing was left to do; 1 failed, or some have no value here; 2 bad input."
        })
final class RequestsReplayCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private RequestsCommand parent;

    @Mixin
    private EndpointOptions broker = new EndpointOptions();

    @Mixin
    private LetterOptions which = new LetterOptions();

    @Option(names = "--all", description = "All of them; needed where no other option says which.")
    private boolean all;

    @Option(names = "--again", description = "Also those that were replayed before.")
    private boolean again;

    @Option(names = "--dry-run", description = "Show what would be sent, and send nothing.")
    private boolean dryRun;

    @Option(names = "--json", description = "Print what was done as one JSON object on standard output.")
    private boolean asJson;

    /** What becomes of the letters that were chosen. */
    private record Plan(List<DeadLetter> chosen, List<DeadLetter> toSend, long replayedBefore, long withoutValue) {}

    RequestsReplayCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(parent.verbose());
        if (all == which.isGiven()) {
            throw CommandException.badInput(
                    all
                            ? "--all is given beside options that say which: leave out one or the other"
                            : "which? Name them with --code, --id, --stage, --since or --offset, or say --all");
        }
        Endpoint endpoint = broker.find();
        Topics topics = EndpointOptions.topics(endpoint);
        OptionalLong since = which.sinceMillis();
        try (DeadLetterBox box = new DeadLetterBox(endpoint.bootstrapServers(), topics)) {
            if (dryRun) {
                Plan plan = plan(box.look(since, which.choice()));
                tell(plan, 0);
                return exitCode(plan);
            }
            // Takes over from other replays first, so that no receipt is written behind this one's back.
            try (LetterReplay replay = new LetterReplay(box, endpoint.bootstrapServers(), topics)) {
                Plan plan = plan(box.look(since, which.choice()));
                replay.requirePlaces(plan.toSend());
                Set<String> names =
                        plan.toSend().stream().map(DeadLetter::name).collect(Collectors.toUnmodifiableSet());
                int sent = names.isEmpty() ? 0 : replay.replay(since, names::contains);
                tell(plan, sent);
                return exitCode(plan);
            }
        } catch (IOException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
    }

    private Plan plan(Contents contents) throws CommandException {
        List<DeadLetter> chosen = contents.letters();
        if (chosen.isEmpty() && which.namesLetters()) {
            throw CommandException.badInput(
                    "no dead letter is as --id or --offset says: 'freshet requests dead' lists those that are there");
        }
        List<DeadLetter> fresh = chosen.stream()
                .filter(letter -> again || !contents.replayed().contains(letter.name()))
                .toList();
        List<DeadLetter> toSend = fresh.stream().filter(DeadLetter::hasValue).toList();
        return new Plan(chosen, toSend, chosen.size() - fresh.size(), fresh.size() - toSend.size());
    }

    private void tell(Plan plan, int sent) throws IOException {
        if (plan.withoutValue() > 0) {
            session.terminal()
                    .line(plan.withoutValue()
                            + " cannot be replayed: their values are not here, for they were too large"
                            + " or had none; send them from where they came from");
        }
        if (asJson) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("dryRun", dryRun);
            fields.put("chosen", plan.chosen().size());
            fields.put("replayed", sent);
            fields.put("replayedBefore", plan.replayedBefore());
            fields.put("withoutValue", plan.withoutValue());
            fields.put("letters", plan.toSend().stream().map(DeadLetter::fields).toList());
            session.results().println(new ObjectMapper().writeValueAsString(fields));
            return;
        }
        if (!plan.toSend().isEmpty()) {
            LetterTable.lines(plan.toSend(), letter -> dryRun ? "would go" : "replayed")
                    .forEach(session.results()::println);
        }
        String before = plan.replayedBefore() == 0
                ? ""
                : ", " + plan.replayedBefore() + " were before (--again sends them too)";
        session.terminal().line((dryRun ? plan.toSend().size() + " would be replayed" : sent + " replayed") + before);
    }

    private static int exitCode(Plan plan) {
        return plan.withoutValue() > 0 ? ExitCode.FAILURE : ExitCode.OK;
    }
}
