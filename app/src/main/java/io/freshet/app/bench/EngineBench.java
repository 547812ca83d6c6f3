package io.freshet.app.bench;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.model.UDitConfig;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import io.freshet.script.TorchThreads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.IntConsumer;

/**
 * What continuous batching is worth, and what the engine costs, over a small U-DiT: 16x16x4, 32 channels, a block in every stage.
 *
 * <p>First forward passes of every bucket and, of the largest one, full steps of the engine are timed in turns. Then a load is
 * replayed in virtual time with those durations, by the engine and in static batches.
 *
 * @param requests how many come
 * @param utilisation offered network rows over those that the largest bucket does; above 0, below 1
 * @param rounds how often each pass is timed
 * @param seed of the load
 */
public record EngineBench(int requests, double utilisation, int rounds, long seed) {
    private static final UDitConfig NETWORK = UDitConfig.paper(16, 4, 32, List.of(1, 1, 1, 1, 1), 4, 2, 10);
    private static final EngineOptions OPTIONS = EngineOptions.DEFAULT;
    private static final int FEWEST_REQUESTS = 20;

    public EngineBench {
        if (requests < FEWEST_REQUESTS) {
            throw new IllegalArgumentException(
                    "requests is " + requests + ", expected at least " + FEWEST_REQUESTS + ", some of them short");
        }
        if (!(utilisation > 0 && utilisation < 1)) {
            throw new IllegalArgumentException("utilisation is " + utilisation + ", expected between 0 and 1");
        }
        if (rounds < 1 || rounds > SamplerSettings.TRAINING_STEPS - 1) {
            throw new IllegalArgumentException("rounds is " + rounds + ", expected 1 to 999");
        }
    }

    /** Forward passes by bucket, and steps of the engine beside those of the largest. */
    private record Timings(PassDurations passes, double stepSeconds) {}

    /**
     * Measures, on the calling thread.
     *
     * @param progress hears how many rounds are done
     * @throws CheckpointException if the network cannot be stored or loaded
     */
    public EngineFigures run(IntConsumer progress) throws CheckpointException, IOException {
        Timings timings = time(progress);
        PassDurations passes = timings.passes;
        double perSecond = utilisation * passes.rowsPerSecond() / Arrival.meanRowSteps();
        List<Arrival> arrivals = Arrival.poisson(requests, perSecond, seed);
        Replay replay = new Replay(arrivals, passes);
        Replay.Outcome ours = replay.continuous();
        Replay.Outcome fixed = replay.fixed();
        Spread shortOurs = ours.of(arrivals, true);
        Spread shortFixed = fixed.of(arrivals, true);
        double bare = passes.of(OPTIONS.maxRows());
        return new EngineFigures(
                "virtual",
                requests,
                (int) arrivals.stream().filter(Arrival::interactive).count(),
                utilisation,
                TorchThreads.count(),
                passes.seconds(),
                shortOurs.median(),
                shortFixed.median(),
                shortFixed.median() / shortOurs.median(),
                shortOurs.p95(),
                shortFixed.p95(),
                shortFixed.p95() / shortOurs.p95(),
                ours.of(arrivals, false).median(),
                fixed.of(arrivals, false).median(),
                ours.imagesPerSecond(),
                fixed.imagesPerSecond(),
                ours.busySeconds() / ours.endSeconds(),
                fixed.busySeconds() / fixed.endSeconds(),
                timings.stepSeconds,
                bare,
                timings.stepSeconds / bare - 1);
    }

    private Timings time(IntConsumer progress) throws CheckpointException, IOException {
        try (BenchStore store = new BenchStore(NETWORK, 1)) {
            CheckpointRef ref = store.checkpoints().get(0);
            CheckpointDenoiserLoader loader = new CheckpointDenoiserLoader(store.store());
            try (Denoiser bare = loader.load(ref).denoiser();
                    SamplingEngine engine = new SamplingEngine(OPTIONS, loader)) {
                engine.stage(ref).join();
                fill(engine, ref);
                return time(bare, engine, progress);
            }
        }
    }

    /** Every place taken: half of the rows draw noise in every step, and a quarter of the samples are guided. */
    private static void fill(SamplingEngine engine, CheckpointRef ref) {
        for (int index = 0; engine.freeRows() > 0; index++) {
            boolean guided = index % 4 == 0 && engine.freeRows() >= 2;
            SamplerKind kind = index % 2 == 0 ? SamplerKind.DDPM : SamplerKind.DDIM;
            SamplerSettings settings = new SamplerSettings(kind, SamplerSettings.TRAINING_STEPS, 0, guided ? 4 : 1);
            engine.submit(SampleRow.start(new SampleTask("bench", index, 0, 0, settings, ref)));
        }
    }

    private Timings time(Denoiser bare, SamplingEngine engine, IntConsumer progress) {
        int rows = OPTIONS.maxRows();
        int latent = rows * NETWORK.inChannels() * NETWORK.inputSize() * NETWORK.inputSize();
        float[] x = RandomWeights.noise(new long[] {latent}, 3, 0).floats();
        float[] out = new float[2 * latent];
        NavigableMap<Integer, List<Double>> passes = new TreeMap<>();
        OPTIONS.buckets().forEach(bucket -> passes.put(bucket, new ArrayList<>()));
        List<Double> steps = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            passes.forEach((bucket, seconds) ->
                    seconds.add(seconds(() -> bare.predict(bucket, x, new float[bucket], new long[bucket], out))));
            steps.add(seconds(engine::step));
            progress.accept(round + 1);
        }
        NavigableMap<Integer, Double> medians = new TreeMap<>();
        passes.forEach(
                (bucket, seconds) -> medians.put(bucket, Spread.of(seconds).median()));
        return new Timings(new PassDurations(medians), Spread.of(steps).median());
    }

    private static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }
}
