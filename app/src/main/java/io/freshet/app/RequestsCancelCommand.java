package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.client.CommandClient;
import io.freshet.app.client.RequestRejectedException;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.local.Endpoint;
import io.freshet.schemas.avro.ControlCommand;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Takes requests back. */
@Command(
        name = "cancel",
        description = {
            "Take requests back: within one step nothing of them is drawn any more.",
            "",
            "Images that were delivered before stay. A request that the job has not seen yet is not begun when it comes."
        },
        descriptionHeading = "%n",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Example:",
            "  freshet requests cancel order-17 order-18 --reason 'wrong class'",
            "",
            "Exit codes: 0 done, also where a request had ended or not come yet; 1 failed; 2 bad input."
        })
final class RequestsCancelCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private RequestsCommand parent;

    @Mixin
    private EndpointOptions broker = new EndpointOptions();

    @Parameters(paramLabel = "ID", arity = "1..*", description = "Which requests.")
    private List<String> ids = new ArrayList<>();

    @Option(names = "--reason", paramLabel = "TEXT", description = "Stands in the status of the requests.")
    private @Nullable String reason;

    @Option(names = "--json", description = "Print what was done as one JSON object on standard output.")
    private boolean asJson;

    RequestsCancelCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws Exception {
        Logging.toConsole(parent.verbose());
        Endpoint endpoint = broker.find();
        Map<String, String> states = new LinkedHashMap<>();
        try (CommandClient client = new CommandClient(endpoint.bootstrapServers(), EndpointOptions.topics(endpoint))) {
            for (String id : ids) {
                ControlCommand command = ControlCommand.newBuilder()
                        .setAction("cancel")
                        .setRequestId(id)
                        .setReason(reason)
                        .build();
                Optional<RequestStatus> status = client.cancel(command, PATIENCE);
                states.put(id, status.map(RequestsCancelCommand::describe).orElse("NOT SEEN YET"));
                if (!asJson) {
                    session.results().println(id + " " + states.get(id));
                }
            }
        } catch (RequestRejectedException e) {
            throw CommandException.badInput("the job refuses the command: " + e.getMessage());
        } catch (IOException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
        if (asJson) {
            session.results().println(new ObjectMapper().writeValueAsString(Map.of("requests", states)));
        }
        return ExitCode.OK;
    }

    private static String describe(RequestStatus status) {
        return status.getState() == RequestState.COMPLETED
                ? "COMPLETED before"
                : status.getState() + " after " + status.getDone() + " of " + status.getCount();
    }
}
