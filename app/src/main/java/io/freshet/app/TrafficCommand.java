package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.client.CommandClient;
import io.freshet.app.client.RequestRejectedException;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.local.Endpoint;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.ControlCommand;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Decides which checkpoints of a running job serve those who ask for the latest. */
@Command(
        name = "traffic",
        description = {
            "Decide which checkpoints serve the requests for 'latest' of a running job.",
            "",
            "Usually each new checkpoint serves them all as soon as it is loaded. A request that was planned keeps its"
                    + " checkpoint, unless it asked to be restarted."
        },
        footer = {
            "",
            "Examples:",
            "  freshet traffic follow 10             try checkpoints to come on a tenth of the requests",
            "  freshet traffic split 10 --checkpoint step:1200",
            "  freshet traffic promote               let the one that is tried serve them all",
            "  freshet traffic rollback --reason 'speckles'",
            "  freshet traffic pin                   keep to the one that serves now",
            "",
            "Exit codes: 0 done; 1 failed, or no job has answered; 2 bad input, or the job refuses."
        })
final class TrafficCommand extends CommandGroup {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Session session;

    TrafficCommand(Session session) {
        this.session = session;
    }

    /** What all of its commands take. */
    static final class Common {
        @Mixin
        private EndpointOptions broker = new EndpointOptions();

        @Option(names = "--model", paramLabel = "NAME", description = "Training run. Default: the newest one")
        private @Nullable String model;

        @Option(
                names = "--reason",
                paramLabel = "TEXT",
                description = "Stands in the events of the checkpoints. Default: the command")
        private @Nullable String reason;

        @Option(names = "--json", description = "Print the shares as one JSON object on standard output.")
        private boolean asJson;
    }

    @Command(name = "split", description = "Let a checkpoint serve a share, and the one that serves now the rest.")
    int split(
            @Parameters(paramLabel = "PERCENT", description = "Share of the requests, 0 to 100.") double percent,
            @Option(
                            names = "--checkpoint",
                            paramLabel = "WHICH",
                            description = "step:N or sha256:HEX. Default: the newest")
                    @Nullable
                    String checkpoint,
            @Mixin Common common)
            throws CommandException, IOException {
        return send("split", checkpoint, percent, common);
    }

    @Command(name = "promote", description = "Let a checkpoint serve all requests.")
    int promote(
            @Option(
                            names = "--checkpoint",
                            paramLabel = "WHICH",
                            description = "step:N or sha256:HEX. Default: the one that has a share")
                    @Nullable
                    String checkpoint,
            @Mixin Common common)
            throws CommandException, IOException {
        return send("promote", checkpoint, null, common);
    }

    @Command(
            name = "rollback",
            description =
                    "Let a checkpoint serve no more; if it served them all, the one before does. Training goes on: the next"
                            + " one serves as usual.")
    int rollback(
            @Option(
                            names = "--checkpoint",
                            paramLabel = "WHICH",
                            description =
                                    "step:N or sha256:HEX. Default: the one that has a share, or else the one that serves")
                    @Nullable
                    String checkpoint,
            @Mixin Common common)
            throws CommandException, IOException {
        return send("rollback", checkpoint, null, common);
    }

    @Command(name = "pin", description = "Let a checkpoint serve all requests, and those to come none.")
    int pin(
            @Option(
                            names = "--checkpoint",
                            paramLabel = "WHICH",
                            description = "step:N or sha256:HEX. Default: the one that serves")
                    @Nullable
                    String checkpoint,
            @Mixin Common common)
            throws CommandException, IOException {
        return send("pin", checkpoint, null, common);
    }

    @Command(name = "follow", description = "Let checkpoints to come serve a share at first, or all requests.")
    int follow(
            @Parameters(
                            paramLabel = "PERCENT",
                            defaultValue = "100",
                            description = "Share of the requests. Default: ${DEFAULT-VALUE}")
                    double percent,
            @Mixin Common common)
            throws CommandException, IOException {
        return send("follow", null, percent, common);
    }

    private int send(String action, @Nullable String checkpoint, @Nullable Double percent, Common common)
            throws CommandException, IOException {
        Logging.toConsole(verbose());
        Endpoint endpoint = common.broker.find();
        ControlCommand command = ControlCommand.newBuilder()
                .setAction(action)
                .setModel(common.model)
                .setCheckpoint(checkpoint)
                .setPercent(percent)
                .setReason(common.reason)
                .build();
        try (CommandClient client = new CommandClient(endpoint.bootstrapServers(), EndpointOptions.topics(endpoint))) {
            tell(client.route(command, PATIENCE), common.asJson);
            return ExitCode.OK;
        } catch (RequestRejectedException e) {
            throw CommandException.badInput("the job refuses the command: " + e.getMessage());
        } catch (IOException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
    }

    private void tell(List<CheckpointEvent> events, boolean asJson) throws IOException {
        if (asJson) {
            List<Map<String, Object>> shares = events.stream()
                    .map(event -> {
                        Map<String, Object> share = new LinkedHashMap<>();
                        share.put("model", event.getModel());
                        share.put("step", event.getStep());
                        share.put("sha256", event.getSha256());
                        share.put("percent", event.getPercent());
                        return share;
                    })
                    .toList();
            session.results().println(new ObjectMapper().writeValueAsString(Map.of("shares", shares)));
            return;
        }
        for (CheckpointEvent event : events) {
            session.results()
                    .println(String.format(
                            Locale.ROOT,
                            "%s step %d (%s) serves %s %%",
                            event.getModel(),
                            event.getStep(),
                            event.getSha256().substring(0, 8),
                            event.getPercent()));
        }
    }
}
