package io.freshet.app.cluster;

import io.freshet.app.local.LocalBroker;
import java.nio.file.Path;

/** The broker's process: its data directory and its port. Goes on until it is killed. */
final class BrokerMain {
    private BrokerMain() {}

    public static void main(String[] arguments) throws Exception {
        // Its threads keep the process alive.
        LocalBroker.start(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
    }
}
