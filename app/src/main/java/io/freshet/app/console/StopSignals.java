package io.freshet.app.console;

import java.io.IOException;
import java.util.OptionalInt;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Ctrl-C and requests to terminate. Until a command says otherwise they end the process at once; one that has something to
 * put away has its thread interrupted instead, or has them deferred while an interrupt would do harm. A second
 * signal always ends the process at once. Thread-safe.
 */
public final class StopSignals {
    private static final int NONE = 0;

    private final Thread worker;
    private final Terminal terminal;
    private Reaction reaction = Reaction.EXIT;
    private int exitCode = NONE;

    /** What a first signal does. */
    public enum Reaction {
        /** Ends the process: nothing needs to be put away, and no native library works. */
        EXIT,
        /** Interrupts the thread that works. */
        INTERRUPT,
        /** Nothing yet: the thread looks at {@link #exitCode} when it can, or is interrupted when the section ends. */
        DEFER
    }

    /** A section of work with a reaction of its own. */
    public interface Section extends AutoCloseable {
        @Override
        void close();
    }

    private StopSignals(Thread worker, Terminal terminal) {
        this.worker = worker;
        this.terminal = terminal;
    }

    /** Takes the signals over on behalf of the calling thread. */
    public static StopSignals takeOver(Terminal terminal) {
        StopSignals signals = new StopSignals(Thread.currentThread(), terminal);
        Signal.handle(new Signal("INT"), signal -> signals.stop(ExitCode.INTERRUPTED));
        Signal.handle(new Signal("TERM"), signal -> signals.stop(ExitCode.TERMINATED));
        return signals;
    }

    /** Leaves Ctrl-C to the process that started this one, which shares its terminal. */
    public static void ignoreInterrupts() {
        Signal.handle(new Signal("INT"), SignalHandler.SIG_IGN);
    }

    /**
     * Ends this process here and now. Not by {@link Runtime#halt}, which runs the destructors of native libraries under the
     * threads that still use them.
     */
    public static void killThisProcess() {
        try {
            new ProcessBuilder(
                            "kill",
                            "-KILL",
                            Long.toString(ProcessHandle.current().pid()))
                    .start()
                    .waitFor();
        } catch (IOException | InterruptedException e) {
            Runtime.getRuntime().halt(ExitCode.FAILURE);
        }
    }

    /** The exit code to end with, if a signal has come. */
    public synchronized OptionalInt exitCode() {
        return exitCode == NONE ? OptionalInt.empty() : OptionalInt.of(exitCode);
    }

    /** Begins a section; closing it brings the reaction back that was there before. For the thread that works. */
    public synchronized Section during(Reaction wanted) {
        Reaction before = reaction;
        react(wanted);
        return () -> react(before);
    }

    private synchronized void react(Reaction wanted) {
        reaction = wanted;
        if (wanted == Reaction.INTERRUPT && exitCode != NONE) {
            worker.interrupt();
        }
    }

    /** Lets the signal that came during a deferred section take effect now. */
    public synchronized void throwIfStopped() throws InterruptedException {
        if (exitCode != NONE) {
            throw new InterruptedException("stopped");
        }
    }

    private synchronized void stop(int code) {
        if (exitCode != NONE) {
            terminal.status("");
            terminal.line("freshet: killed");
            killThisProcess();
        }
        if (reaction == Reaction.EXIT) {
            terminal.status("");
            terminal.line("freshet: stopped");
            Runtime.getRuntime().halt(code);
        }
        exitCode = code;
        terminal.status("stopping …");
        if (reaction == Reaction.INTERRUPT) {
            worker.interrupt();
        }
    }
}
