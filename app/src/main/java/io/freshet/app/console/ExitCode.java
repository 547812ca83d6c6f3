package io.freshet.app.console;

/** How the process ends. */
public final class ExitCode {
    /** All was done. */
    public static final int OK = 0;
    /** Something went wrong while working. */
    public static final int FAILURE = 1;
    /** What was asked for makes no sense, or the job refused it. */
    public static final int BAD_INPUT = 2;
    /** Stopped by Ctrl-C. */
    public static final int INTERRUPTED = 130;
    /** Stopped by a request to terminate. */
    public static final int TERMINATED = 143;

    private ExitCode() {}
}
