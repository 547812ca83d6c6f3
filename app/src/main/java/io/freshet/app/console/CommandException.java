package io.freshet.app.console;

import org.jspecify.annotations.Nullable;

/** Ends a command with a message for people, without a stack trace, and with an exit code. */
public final class CommandException extends Exception {
    private static final long serialVersionUID = 1;

    private final int exitCode;

    private CommandException(int exitCode, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    /** Something went wrong while working. */
    public static CommandException failure(String message) {
        return new CommandException(ExitCode.FAILURE, message, null);
    }

    /** Something went wrong while working, because of something else. */
    public static CommandException failure(String message, Throwable cause) {
        return new CommandException(ExitCode.FAILURE, message, cause);
    }

    /** What was asked for makes no sense. */
    public static CommandException badInput(String message) {
        return new CommandException(ExitCode.BAD_INPUT, message, null);
    }

    /** What was asked for makes no sense, because of something else. */
    public static CommandException badInput(Throwable cause) {
        return new CommandException(ExitCode.BAD_INPUT, String.valueOf(cause.getMessage()), cause);
    }

    /** The process's exit code. */
    public int exitCode() {
        return exitCode;
    }
}
