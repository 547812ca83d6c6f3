package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LatentDecodingTest {
    private static final SamplerSettings THREE_STEPS = new SamplerSettings(SamplerKind.DDIM, 3, 0, 1);
    private static final String AUTOENCODER = "ae".repeat(32);

    private final ToyDecoder decoder = new ToyDecoder();
    private final ToyDenoiser.Loader loader = loader(decoder);
    private final List<SamplingEngine> engines = new ArrayList<>();

    /** Three channels of the sums of four; each sample needs a permit. */
    private static final class ToyDecoder implements LatentDecoder {
        final Semaphore permits = new Semaphore(0);
        final CountDownLatch begun = new CountDownLatch(1);
        volatile boolean broken;
        volatile int shortages;
        volatile boolean busy;
        final CompletableFuture<Void> closed = new CompletableFuture<>();

        @Override
        public String autoencoderSha256() {
            return AUTOENCODER;
        }

        @Override
        public FinishedSample decode(FinishedSample latent) {
            busy = true;
            begun.countDown();
            permits.acquireUninterruptibly();
            if (broken) {
                busy = false;
                throw new IllegalStateException("out of memory");
            }
            if (shortages > 0) {
                shortages--;
                busy = false;
                throw new DeviceMemoryException("Decoding", new IllegalStateException("out of memory"));
            }
            float[] pixels = new float[3 * latent.height() * latent.width()];
            for (int k = 0; k < latent.values().length; k++) {
                pixels[k % pixels.length] += latent.values()[k];
            }
            busy = false;
            return new FinishedSample(latent.task(), 3, latent.height(), latent.width(), pixels, AUTOENCODER);
        }

        @Override
        public void close() {
            assertThat(busy).as("closed while it decodes").isFalse();
            closed.complete(null);
        }
    }

    private static ToyDenoiser.Loader loader(LatentDecoder decoder) {
        ToyDenoiser.Loader loader = new ToyDenoiser.Loader().with(1, new ToyDenoiser(4, true, 0.7));
        loader.decoder = decoder;
        return loader;
    }

    private SamplingEngine engine(ToyDenoiser.Loader from) {
        SamplingEngine engine = new SamplingEngine(new EngineOptions(List.of(2, 4)), from);
        engines.add(engine);
        assertThat(engine.stage(ToyDenoiser.ref(1)).join().autoencoderSha256()).isEqualTo(AUTOENCODER);
        return engine;
    }

    private static SampleRow row(long index) {
        return SampleRow.start(new SampleTask("r", index, 77, 1, THREE_STEPS, ToyDenoiser.ref(1)));
    }

    private static List<FinishedSample> drain(SamplingEngine engine) throws InterruptedException {
        List<FinishedSample> finished = new ArrayList<>();
        while (!engine.isIdle()) {
            engine.awaitProgress();
            finished.addAll(engine.step());
        }
        return finished;
    }

    private static void steps(SamplingEngine engine, int count) {
        for (int i = 0; i < count; i++) {
            assertThat(engine.step()).isEmpty();
        }
    }

    @AfterEach
    void closeEngines() {
        decoder.permits.release(1000);
        engines.forEach(SamplingEngine::close);
    }

    @Test
    void handsOutPixelsWithTheAutoencoderThatMadeThem() throws Exception {
        decoder.permits.release(3);
        SamplingEngine engine = engine(loader);
        for (int i = 0; i < 3; i++) {
            engine.submit(row(i));
        }
        List<FinishedSample> finished = drain(engine);
        assertThat(finished).extracting(s -> s.task().index()).containsExactly(0L, 1L, 2L);
        assertThat(finished).allSatisfy(sample -> {
            assertThat(sample.channels()).isEqualTo(3);
            assertThat(sample.autoencoderSha256()).isEqualTo(AUTOENCODER);
        });
    }

    @Test
    void goesOnSteppingWhileSamplesAreDecodedUntilABucketOfThemWaits() throws Exception {
        SamplingEngine engine = engine(loader);
        for (int i = 0; i < 4; i++) {
            engine.submit(row(i));
        }
        steps(engine, 3);
        assertThat(engine.freeRows(ToyDenoiser.ref(1).sha256(), Precision.FP32))
                .as("places of samples that are only decoded")
                .isEqualTo(4);
        engine.submit(row(4));
        long passes = engine.statistics().forwardPasses();
        assertThat(engine.canStep()).as("with as many to decode as a bucket").isFalse();
        assertThat(engine.step()).isEmpty();
        assertThat(engine.statistics().forwardPasses())
                .as("steps while the decoder is behind")
                .isEqualTo(passes);

        decoder.permits.release(1);
        engine.awaitProgress();
        assertThat(engine.canStep()).as("with one less to decode").isTrue();
        assertThat(engine.step()).extracting(s -> s.task().index()).containsExactly(0L);
        assertThat(engine.statistics().forwardPasses()).isEqualTo(passes + 1);
    }

    @Test
    void keepsSamplesThatAreNotDecodedInItsSnapshotForAnotherEngineToDecode() throws Exception {
        ToyDecoder swift = new ToyDecoder();
        swift.permits.release(1000);
        SamplingEngine undisturbed = engine(loader(swift));
        SamplingEngine first = engine(loader);
        for (SamplingEngine engine : List.of(undisturbed, first)) {
            engine.submit(row(0));
            engine.submit(row(1));
        }
        steps(first, 2);
        first.submit(row(2));
        undisturbed.submit(row(2));
        steps(first, 1);
        List<SampleRow> snapshot = first.snapshot();
        assertThat(snapshot).extracting(SampleRow::evaluationsDone).containsExactly(3, 3, 1);

        SamplingEngine second = engine(loader(swift));
        snapshot.forEach(second::submit);
        List<FinishedSample> resumed = drain(second);
        List<FinishedSample> expected = drain(undisturbed);
        assertThat(values(resumed)).isDeepEqualTo(values(expected));
    }

    private static float[][] values(List<FinishedSample> samples) {
        return samples.stream().map(FinishedSample::values).toArray(float[][]::new);
    }

    @Test
    void keepsACheckpointWhoseSamplesAreBeingDecoded() throws Exception {
        SamplingEngine engine = engine(loader);
        engine.submit(row(0));
        steps(engine, 3);
        engine.retainOnly(Set.of());
        assertThat(engine.isResident(ToyDenoiser.ref(1).sha256(), Precision.FP32))
                .isTrue();
        decoder.permits.release(1);
        drain(engine);
        engine.retainOnly(Set.of());
        assertThat(engine.isResident(ToyDenoiser.ref(1).sha256(), Precision.FP32))
                .isFalse();
        assertThat(decoder.closed).as("the decoder goes with its checkpoint").succeedsWithin(10, TimeUnit.SECONDS);
    }

    @Test
    void reportsASampleThatCannotBeDecodedAndKeepsIt() throws Exception {
        decoder.broken = true;
        decoder.permits.release(1);
        SamplingEngine engine = engine(loader);
        engine.submit(row(0));
        steps(engine, 2);
        assertThatThrownBy(() -> drain(engine))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Sample 0 of request 'r' could not be decoded")
                .hasMessageContaining("out of memory");
        assertThat(engine.snapshot()).hasSize(1);
    }

    @Test
    void wakesItsOwnerWhenASampleIsDecoded() throws Exception {
        SamplingEngine engine = engine(loader);
        CountDownLatch woken = new CountDownLatch(1);
        engine.onDecoded(woken::countDown);
        engine.submit(row(0));
        steps(engine, 3);
        assertThat(woken.getCount()).isEqualTo(1);
        decoder.permits.release(1);
        assertThat(woken.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(engine.step()).hasSize(1);
    }

    @Test
    void waitsForTheSampleBeingDecodedBeforeItCloses() throws Exception {
        SamplingEngine engine = engine(loader);
        engine.submit(row(0));
        steps(engine, 3);
        assertThat(decoder.begun.await(10, TimeUnit.SECONDS)).isTrue();
        Thread closing = new Thread(engine::close);
        closing.start();
        closing.interrupt();
        assertThat(decoder.closed).isNotDone();
        decoder.permits.release(1);
        closing.join(10_000);
        assertThat(decoder.closed).isDone();
    }

    @Test
    void refusesAFinishedRowOfACheckpointWithNothingToDecode() {
        loader.decoder = null;
        SamplingEngine engine = new SamplingEngine(new EngineOptions(List.of(2, 4)), loader);
        engines.add(engine);
        engine.stage(ToyDenoiser.ref(1)).join();
        SampleRow done = new SampleRow(row(0).task(), 3, new float[36]);
        assertThatThrownBy(() -> engine.submit(done))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nothing left to do");
    }

    @Test
    void refusesGuidanceWhereThereIsNoNullLabel() {
        loader.get(1).nullLabel = false;
        SamplingEngine engine = engine(loader);
        SampleTask guided =
                new SampleTask("g", 0, 1, 1, new SamplerSettings(SamplerKind.DDIM, 3, 0, 2), ToyDenoiser.ref(1));
        assertThatThrownBy(() -> engine.submit(SampleRow.start(guided)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("without a null label")
                .hasMessageContaining("expected guidance 1");
        engine.submit(row(0));
    }

    @Test
    void saysWhetherTheNetworkKeepsARowsBitsWhateverTheBucket() {
        SamplingEngine engine =
                new SamplingEngine(new EngineOptions(List.of(2, 4)), loader.with(2, new ToyDenoiser(4, false, 0.5)));
        engines.add(engine);
        assertThat(engine.stage(ToyDenoiser.ref(1)).join().batchInvariant()).isTrue();
        loader.get(2).minglesRows = true;
        assertThat(engine.stage(ToyDenoiser.ref(2)).join().batchInvariant()).isFalse();
    }

    @Test
    void decodesBetweenTwoStepsWhatThereIsTooLittleMemoryForBesideThem() throws InterruptedException {
        SamplingEngine engine = engine(loader);
        engine.submit(row(0));
        decoder.permits.release(100);
        List<FinishedSample> expected = drain(engine);
        engine.submit(row(0));
        decoder.shortages = 1;
        List<FinishedSample> finished = drain(engine);
        assertThat(finished.get(0).values()).isEqualTo(expected.get(0).values());

        engine.submit(row(0));
        decoder.shortages = 2;
        assertThatThrownBy(() -> drain(engine))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("could not be decoded")
                .hasMessageContaining("more memory than the device has left");
        assertThat(engine.snapshot()).as("what was not decoded").hasSize(1);
    }
}
