package io.freshet.flink.testing;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.evaluation.FeatureExtractor;
import io.freshet.evaluation.Moments;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.flink.evaluation.FeatureExtractorFactory;
import io.freshet.flink.evaluation.ReferenceFactory;
import io.freshet.flink.source.DenoiserLoaderFactory;
import io.freshet.image.RgbImage;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.DenoiserLoader;
import io.freshet.sampling.FinishedSample;
import io.freshet.sampling.LatentDecoder;
import io.freshet.sampling.Precision;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** Deterministic networks of 8x8 pixels or latents, an extractor of five features, and a hook that tests reach into the job with. */
public final class ToyModels {
    public static final List<String> CLASSES = List.of("circle", "square", "star");
    public static final int SIDE = 8;
    public static final String AUTOENCODER = "ae".repeat(32);

    /** Called with every forward pass that is not a warm-up: before it, and after its work is done; and before a latent is decoded. */
    public interface Hook {
        void before(float[] timesteps, int rows);

        void after();

        default void decoding() {}
    }

    /** How long the work of a toy takes that would be done at once: the length of a step, not a wait for something. */
    public static void work(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos();
                left > 0 && !Thread.currentThread().isInterrupted();
                left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    /** Gives every pass of a job's networks a length. */
    public static void slow(String job, Duration pass) {
        hook(job, new Hook() {
            @Override
            public void before(float[] timesteps, int rows) {}

            @Override
            public void after() {
                work(pass);
            }
        });
    }

    private static final Hook NONE = new Hook() {
        @Override
        public void before(float[] timesteps, int rows) {}

        @Override
        public void after() {}
    };
    private static final Map<String, Hook> HOOKS = new ConcurrentHashMap<>();

    private ToyModels() {}

    /** Installs what the networks of one job call; hooks cannot travel with the job. */
    public static void hook(String job, Hook hook) {
        HOOKS.put(job, hook);
    }

    /**
     * Checkpoints whose directory begins with 'corrupt' cannot be loaded, those with 'latent' are of latents that have to be decoded,
     * those with 'unguided' have no null label, and those with 'flow' predict a velocity. In bf16 outputs are rounded.
     */
    public static DenoiserLoaderFactory loaders(String job) {
        return () -> loader(job);
    }

    public static DenoiserLoader loader(String job) {
        return (checkpoint, precision) -> {
            if (checkpoint.directory().startsWith("corrupt")) {
                throw new CheckpointException("weights.safetensors of '" + checkpoint.directory()
                        + "' has another hash than its manifest says: publish it again");
            }
            return new DenoiserLoader.LoadedDenoiser(
                    new ToyDenoiser(job, checkpoint, precision),
                    checkpoint.directory().startsWith("latent") ? new ToyDecoder(job) : null,
                    1,
                    2);
        };
    }

    public static FeatureExtractorFactory extractors() {
        return ToyExtractor::new;
    }

    public static ReferenceFactory reference() {
        return () -> {
            ToyExtractor extractor = new ToyExtractor();
            Moments moments = new Moments(new double[extractor.dimensions()]);
            SplittableRandom random = new SplittableRandom(7);
            for (int i = 0; i < 200; i++) {
                byte[] pixels = new byte[SIDE * SIDE * 3];
                random.nextBytes(pixels);
                moments.add(extractor.extract(new RgbImage(SIDE, SIDE, pixels)));
            }
            return ReferenceStatistics.of("noise-200", extractor, moments);
        };
    }

    private static final class ToyDenoiser implements Denoiser {
        private final String job;
        private final String directory;
        private final float weight;
        private final Prediction prediction;
        private final Precision precision;

        ToyDenoiser(String job, CheckpointRef checkpoint, Precision precision) {
            this.precision = precision;
            this.job = job;
            this.directory = checkpoint.directory();
            this.weight = 0.1f + (checkpoint.step() % 97) / 97f;
            this.prediction = checkpoint.directory().startsWith("flow") ? Prediction.VELOCITY : Prediction.NOISE;
        }

        @Override
        public Prediction prediction() {
            return prediction;
        }

        @Override
        public int channels() {
            return directory.startsWith("latent") ? 4 : 3;
        }

        @Override
        public boolean hasNullLabel() {
            return !directory.startsWith("unguided");
        }

        @Override
        public int height() {
            return SIDE;
        }

        @Override
        public int width() {
            return SIDE;
        }

        @Override
        public List<String> classNames() {
            return CLASSES;
        }

        @Override
        public boolean learnsSigma() {
            return false;
        }

        @Override
        public void predict(int rows, float[] x, float[] t, long[] y, float[] out) {
            boolean warming = Thread.currentThread().getName().contains("stag");
            Hook hook = warming ? NONE : HOOKS.getOrDefault(job, NONE);
            hook.before(t, rows);
            int each = channels() * SIDE * SIDE;
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < each; i++) {
                    int at = row * each + i;
                    out[at] = rounded((float) Math.sin(x[at] * weight + t[row] / 1000f + 0.3f * y[row] + i * 0.01f));
                }
            }
            hook.after();
        }

        private float rounded(float value) {
            return precision == Precision.FP32
                    ? value
                    : Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xFFFF0000);
        }

        @Override
        public void close() {}
    }

    /** The first three channels of a latent, moved by the fourth. */
    private static final class ToyDecoder implements LatentDecoder {
        private final String job;

        ToyDecoder(String job) {
            this.job = job;
        }

        @Override
        public String autoencoderSha256() {
            return AUTOENCODER;
        }

        @Override
        public FinishedSample decode(FinishedSample latent) {
            HOOKS.getOrDefault(job, NONE).decoding();
            int area = SIDE * SIDE;
            float[] pixels = new float[3 * area];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) Math.tanh(latent.values()[i] + 0.5f * latent.values()[3 * area + i % area]);
            }
            return new FinishedSample(latent.task(), 3, SIDE, SIDE, pixels, AUTOENCODER);
        }

        @Override
        public void close() {}
    }

    private static final class ToyExtractor implements FeatureExtractor {
        @Override
        public String name() {
            return "toy";
        }

        @Override
        public String sha256() {
            return "ab".repeat(32);
        }

        @Override
        public int dimensions() {
            return 5;
        }

        @Override
        public float[] extract(RgbImage image) {
            float[] features = new float[5];
            byte[] pixels = image.pixels();
            for (int i = 0; i < pixels.length; i++) {
                float value = (pixels[i] & 0xFF) / 255f;
                features[i % 3] += value / pixels.length;
                features[3] += value * value / pixels.length;
                features[4] += (i % 7) * value / pixels.length;
            }
            return features;
        }

        @Override
        public void close() {}
    }
}
