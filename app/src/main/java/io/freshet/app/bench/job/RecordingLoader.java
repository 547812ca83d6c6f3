package io.freshet.app.bench.job;

import io.freshet.app.bench.job.StepLog.Entry;
import io.freshet.app.bench.job.StepLog.Kind;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.DenoiserLoader;
import io.freshet.sampling.Precision;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Loads what another loader loads, and keeps when networks were loaded and run. Thread-safe. */
final class RecordingLoader implements DenoiserLoader {
    /** What the engine calls the thread that networks are staged on. */
    private static final String STAGING = "freshet-stage";

    private final DenoiserLoader loader;
    private final StepLog log;

    RecordingLoader(DenoiserLoader loader, StepLog log) {
        this.loader = loader;
        this.log = log;
    }

    @Override
    public LoadedDenoiser load(CheckpointRef checkpoint, Precision precision) throws CheckpointException {
        long start = System.nanoTime();
        LoadedDenoiser loaded = loader.load(checkpoint, precision);
        log.append(new Entry(Kind.LOAD, start, System.nanoTime(), 0, checkpoint.step()));
        return new LoadedDenoiser(
                new Recorded(loaded.denoiser(), checkpoint.step()),
                loaded.decoder(),
                loaded.verifyMillis(),
                loaded.stageMillis());
    }

    @Override
    public long weightBytes(CheckpointRef checkpoint, Precision precision) throws CheckpointException {
        return loader.weightBytes(checkpoint, precision);
    }

    /** A network whose passes are recorded. */
    private final class Recorded implements Denoiser {
        private final Denoiser network;
        private final long checkpoint;

        Recorded(Denoiser network, long checkpoint) {
            this.network = network;
            this.checkpoint = checkpoint;
        }

        private void record(int rows, Runnable pass) {
            long start = System.nanoTime();
            pass.run();
            boolean staging = Thread.currentThread().getName().equals(STAGING);
            log.append(new Entry(staging ? Kind.WARM : Kind.STEP, start, System.nanoTime(), rows, checkpoint));
        }

        @Override
        public void predict(int rows, float[] x, float[] t, long[] y, float[] out) {
            record(rows, () -> network.predict(rows, x, t, y, out));
        }

        @Override
        public void predictWhole(int rows, float[] x, float[] t, long[] y, float[] out, float[] features) {
            record(rows, () -> network.predictWhole(rows, x, t, y, out, features));
        }

        @Override
        public void predictShallow(int rows, float[] x, float[] t, long[] y, float[] features, float[] out) {
            record(rows, () -> network.predictShallow(rows, x, t, y, features, out));
        }

        @Override
        public int channels() {
            return network.channels();
        }

        @Override
        public int height() {
            return network.height();
        }

        @Override
        public int width() {
            return network.width();
        }

        @Override
        public List<String> classNames() {
            return network.classNames();
        }

        @Override
        public boolean hasNullLabel() {
            return network.hasNullLabel();
        }

        @Override
        public boolean runsInBf16() {
            return network.runsInBf16();
        }

        @Override
        public boolean learnsSigma() {
            return network.learnsSigma();
        }

        @Override
        public Prediction prediction() {
            return network.prediction();
        }

        @Override
        public boolean clipsDenoised() {
            return network.clipsDenoised();
        }

        @Override
        public @Nullable Object shape() {
            return network.shape();
        }

        @Override
        public int featureSize() {
            return network.featureSize();
        }

        @Override
        public boolean cachesFeatures() {
            return network.cachesFeatures();
        }

        @Override
        public void releaseCaches() {
            network.releaseCaches();
        }

        @Override
        public void close() {
            long start = System.nanoTime();
            network.close();
            log.append(new Entry(Kind.UNLOAD, start, System.nanoTime(), 0, checkpoint));
        }
    }
}
