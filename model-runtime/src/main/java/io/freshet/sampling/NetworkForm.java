package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointRef;

/**
 * A checkpoint's network in one of the forms that it can be in memory in, side by side. Rows of one form are stepped together.
 *
 * @param checkpoint the weights
 * @param precision the numbers that it is evaluated with
 */
public record NetworkForm(CheckpointRef checkpoint, Precision precision) {
    /** For people: the checkpoint's directory and the precision. */
    String inWords() {
        return "checkpoint '" + checkpoint.directory() + "' in " + precision.wireName();
    }

    /** For people: the checkpoint's short hash and the precision. */
    @Override
    public String toString() {
        return checkpoint.shortSha() + " in " + precision.wireName();
    }
}
