package io.freshet.app;

import io.freshet.app.console.StopSignals;
import io.freshet.app.console.Terminal;
import java.io.PrintStream;

/**
 * What every command works with.
 *
 * @param terminal progress and messages, for people
 * @param results results, for programs: standard output
 * @param stop whether the command was told to stop
 */
record Session(Terminal terminal, PrintStream results, StopSignals stop) {}
