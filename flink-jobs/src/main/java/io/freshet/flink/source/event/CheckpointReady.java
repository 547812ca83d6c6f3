package io.freshet.flink.source.event;

import io.freshet.sampling.Abilities;
import io.freshet.sampling.BucketProfile;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.StagedCheckpoint;
import java.util.List;
import org.apache.flink.api.connector.source.SourceEvent;
import org.jspecify.annotations.Nullable;

/** Reader to planner: a checkpoint is in memory here in one precision, verified and warm. */
public final class CheckpointReady implements SourceEvent {
    private static final long serialVersionUID = 1;

    private final ShippedNetwork network;
    private final List<String> classNames;
    private final Abilities abilities;
    private final boolean batchInvariant;
    private final BucketProfile profile;
    private final @Nullable String autoencoderSha256;
    private final long weightBytes;
    private final long verifyMillis;
    private final long stageMillis;
    private final long warmMillis;

    public CheckpointReady(StagedCheckpoint staged) {
        this.network = ShippedNetwork.of(staged.form());
        this.classNames = List.copyOf(staged.classNames());
        this.abilities = staged.abilities();
        this.batchInvariant = staged.batchInvariant();
        this.profile = staged.profile();
        this.autoencoderSha256 = staged.autoencoderSha256();
        this.weightBytes = staged.weightBytes();
        this.verifyMillis = staged.verifyMillis();
        this.stageMillis = staged.stageMillis();
        this.warmMillis = staged.warmMillis();
    }

    /** What was staged, and how long it took. */
    public StagedCheckpoint staged() {
        NetworkForm form = network.unpack();
        return new StagedCheckpoint(
                form.checkpoint(),
                form.precision(),
                classNames,
                abilities,
                batchInvariant,
                profile,
                autoencoderSha256,
                weightBytes,
                verifyMillis,
                stageMillis,
                warmMillis);
    }

    @Override
    public String toString() {
        return "CheckpointReady[" + network + "]";
    }
}
