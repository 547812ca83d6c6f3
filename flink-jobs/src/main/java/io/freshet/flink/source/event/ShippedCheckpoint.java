package io.freshet.flink.source.event;

import io.freshet.checkpoint.CheckpointRef;
import java.io.Serializable;

/** A checkpoint's name in the form that events travel in. */
record ShippedCheckpoint(String model, long step, String directory, String sha256) implements Serializable {
    static ShippedCheckpoint of(CheckpointRef checkpoint) {
        return new ShippedCheckpoint(
                checkpoint.model(), checkpoint.step(), checkpoint.directory(), checkpoint.sha256());
    }

    CheckpointRef unpack() {
        return new CheckpointRef(model, step, directory, sha256);
    }
}
