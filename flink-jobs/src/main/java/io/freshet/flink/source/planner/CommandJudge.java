package io.freshet.flink.source.planner;

import io.freshet.flink.text.Text;
import io.freshet.schemas.avro.ControlCommand;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;

/** Reads commands, and says why where a message is none. Changes nothing. Not thread-safe. */
final class CommandJudge {
    /** What a command is called that takes back a request. */
    static final String CANCEL = "cancel";

    private final JsonCodec<ControlCommand> commands = JsonCodec.of(ControlCommand.class);

    /**
     * Reads a command.
     *
     * @throws Rejection if it is none
     */
    ControlCommand command(RawMessage message) throws Rejection {
        try {
            return commands.decode(message.requireValue());
        } catch (InvalidRecordException e) {
            throw new Rejection(e.code(), String.valueOf(e.getMessage()));
        }
    }

    /**
     * The id of the request that a command cancels.
     *
     * @throws Rejection if it names none
     */
    static String cancelled(ControlCommand command) throws Rejection {
        String id = command.getRequestId();
        if (id == null || !RequestJudge.REQUEST_ID.matcher(id).matches()) {
            throw new Rejection(
                    "invalid-request-id",
                    "requestId is " + (id == null ? "missing" : "'" + Text.quotable(id) + "'")
                            + ": expected the id of the request to cancel");
        }
        return id;
    }

    /**
     * Reads a command about which checkpoints serve.
     *
     * @throws Rejection if it is none
     */
    static RoutingCommand routing(ControlCommand command) throws Rejection {
        RoutingCommand.Action action = null;
        for (RoutingCommand.Action each : RoutingCommand.Action.values()) {
            action = each.wireName().equals(command.getAction()) ? each : action;
        }
        if (action == null) {
            throw new Rejection(
                    "unknown-action",
                    "action is '" + Text.quotable(command.getAction())
                            + "': expected 'cancel', 'split', 'promote', 'rollback', 'pin' or 'follow'");
        }
        Double percent = command.getPercent();
        boolean follows = action == RoutingCommand.Action.FOLLOW;
        if (percent == null && action == RoutingCommand.Action.SPLIT) {
            throw new Rejection(
                    "invalid-percent", "percent is missing: expected the share of the checkpoint, 0 to 100");
        }
        if (percent != null && !(percent >= 0 && percent <= 100)) {
            throw new Rejection("invalid-percent", "percent is " + percent + ": expected a number from 0 to 100");
        }
        if (percent != null && !follows && action != RoutingCommand.Action.SPLIT) {
            throw new Rejection("unfit-command", "percent is " + percent + ": '" + action.wireName() + "' takes none");
        }
        if (follows && command.getCheckpoint() != null) {
            throw new Rejection(
                    "unfit-command",
                    "checkpoint is '" + Text.quotable(command.getCheckpoint())
                            + "': 'follow' is about those to come and takes none; expected 'split' or 'pin' for one that is there");
        }
        String reason = command.getReason();
        return new RoutingCommand(
                action,
                command.getModel(),
                command.getCheckpoint(),
                percent == null ? 100 : percent,
                reason == null ? "command '" + action.wireName() + "'" : Text.singleLine(reason));
    }
}
