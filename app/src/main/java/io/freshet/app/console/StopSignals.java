package io.freshet.app.console;

import java.util.OptionalInt;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Turns Ctrl-C and requests to terminate into an interrupt of the thread that works, so that it can put everything away
 * in order before the process ends. A second signal ends the process at once.
 */
public final class StopSignals {
    private static final int NONE = 0;

    private final Thread worker;
    private volatile int exitCode = NONE;

    private StopSignals(Thread worker) {
        this.worker = worker;
    }

    /** Interrupts the calling thread from now on when a signal comes. */
    public static StopSignals interruptCallingThread() {
        StopSignals signals = new StopSignals(Thread.currentThread());
        Signal.handle(new Signal("INT"), signal -> signals.stop(ExitCode.INTERRUPTED));
        Signal.handle(new Signal("TERM"), signal -> signals.stop(ExitCode.TERMINATED));
        return signals;
    }

    /** Leaves Ctrl-C to the process that started this one, which shares its terminal. */
    public static void ignoreInterrupts() {
        Signal.handle(new Signal("INT"), SignalHandler.SIG_IGN);
    }

    /** The exit code to end with, if a signal has come. */
    public OptionalInt exitCode() {
        return exitCode == NONE ? OptionalInt.empty() : OptionalInt.of(exitCode);
    }

    private synchronized void stop(int code) {
        if (exitCode != NONE) {
            Runtime.getRuntime().halt(code);
        }
        exitCode = code;
        worker.interrupt();
    }
}
