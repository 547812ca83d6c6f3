package io.freshet.app;

/** How the process ends. */
public final class ExitCode {
    /** All was done. */
    public static final int OK = 0;
    /** Something went wrong while working. */
    public static final int FAILURE = 1;
    /** What was asked for makes no sense; nothing was done. */
    public static final int BAD_INPUT = 2;
    /** Ctrl-C. */
    public static final int INTERRUPTED = 130;
    /** Terminated by a signal. */
    public static final int TERMINATED = 143;

    private ExitCode() {}
}
