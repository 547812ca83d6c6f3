package io.freshet.flink.source.event;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import java.io.Serializable;

/** A network's name in the form that events travel in. */
record ShippedNetwork(String model, long step, String directory, String sha256, Precision precision)
        implements Serializable {
    static ShippedNetwork of(NetworkForm network) {
        CheckpointRef checkpoint = network.checkpoint();
        return new ShippedNetwork(
                checkpoint.model(),
                checkpoint.step(),
                checkpoint.directory(),
                checkpoint.sha256(),
                network.precision());
    }

    NetworkForm unpack() {
        return new NetworkForm(new CheckpointRef(model, step, directory, sha256), precision);
    }
}
