package io.freshet.app;

import java.nio.file.Path;

/** Where log messages go. To be decided before anything that logs is touched, for the first logger reads it. */
final class Logging {
    private static final String CONFIGURATION = "log4j2.configurationFile";

    private Logging() {}

    /** To a file, from INFO. */
    static void toFile(Path file) {
        System.setProperty("freshet.log.file", file.toString());
        System.setProperty(CONFIGURATION, "io/freshet/app/log4j2-file.xml");
    }

    /** To standard error where asked for, else nowhere. */
    static void toConsole(boolean verbose) {
        System.setProperty("freshet.log.level", verbose ? "WARN" : "OFF");
        System.setProperty(CONFIGURATION, "io/freshet/app/log4j2-console.xml");
    }
}
