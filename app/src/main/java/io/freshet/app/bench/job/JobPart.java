package io.freshet.app.bench.job;

import io.freshet.checkpoint.CheckpointException;
import java.io.IOException;
import java.util.Map;
import java.util.function.IntConsumer;

/** Something that is measured of a running job. */
interface JobPart {
    /** What progress counts, in the plural. */
    String unit();

    /** How many there are. */
    int work();

    /**
     * Measures, on the calling thread.
     *
     * @param progress hears how much is done, of {@link #work}
     * @return figures by their names, in order
     * @throws IOException if broker, cluster or job fail
     */
    Map<String, Figure> run(IntConsumer progress) throws CheckpointException, IOException, InterruptedException;
}
