package io.freshet.app.bench;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.UDitConfig;
import io.freshet.sampling.BucketProfile;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.Precision;
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
import java.util.TreeSet;
import java.util.function.IntConsumer;

/**
 * What continuous batching is worth, what the engine costs, and what buckets that are chosen gain over {@link #USUAL} ones.
 *
 * <p>First forward passes of every bucket, the engine's and the usual ones, and, of the engine's largest one, full steps of the engine
 * are timed in turns. Then a load is replayed in virtual time with those durations, by the engine and in static batches.
 *
 * @param network its weights are noise
 * @param options buckets of the engine, or what they are chosen by
 * @param requests how many come
 * @param utilisation offered network rows over those that the largest bucket does; above 0, below 1
 * @param rounds how often each pass is timed
 * @param seed of the load
 */
public record EngineBench(
        DenoiserConfig network, EngineOptions options, int requests, double utilisation, int rounds, long seed) {
    /** A small U-DiT: 16x16x4, 32 channels, a block in every stage. */
    public static final DenoiserConfig SMALL = UDitConfig.paper(16, 4, 32, List.of(1, 1, 1, 1, 1), 4, 2, 10);

    /** Buckets that one would tell an engine without measuring. */
    public static final List<Integer> USUAL = List.of(4, 8, 16, 32);

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

    /** Forward passes by their rows, and steps of the engine beside those of its largest bucket. */
    private record Timings(BucketProfile profile, PassDurations all, double stepSeconds) {}

    /**
     * Measures, on the calling thread.
     *
     * @param progress hears how many rounds are done
     * @throws CheckpointException if the network cannot be stored or loaded
     */
    public EngineFigures run(IntConsumer progress) throws CheckpointException, IOException {
        Timings timings = time(progress);
        PassDurations passes = timings.all.only(timings.profile.buckets());
        double usual = timings.all.only(USUAL).rowsPerSecond();
        double perSecond = utilisation * passes.rowsPerSecond() / Arrival.meanRowSteps();
        List<Arrival> arrivals = Arrival.poisson(requests, perSecond, seed);
        Replay replay = new Replay(arrivals, passes);
        Replay.Outcome ours = replay.continuous();
        Replay.Outcome fixed = replay.fixed();
        Spread shortOurs = ours.of(arrivals, true);
        Spread shortFixed = fixed.of(arrivals, true);
        double bare = passes.of(passes.largest());
        return new EngineFigures(
                "virtual",
                requests,
                (int) arrivals.stream().filter(Arrival::interactive).count(),
                utilisation,
                TorchThreads.count(),
                timings.profile.buckets(),
                timings.profile.passMillis(),
                timings.all.seconds(),
                passes.rowsPerSecond(),
                usual,
                passes.rowsPerSecond() / usual,
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
        try (BenchStore store = new BenchStore(network, 1)) {
            CheckpointRef ref = store.checkpoints().get(0);
            CheckpointDenoiserLoader loader = new CheckpointDenoiserLoader(store.store());
            try (Denoiser bare = loader.load(ref).denoiser();
                    SamplingEngine engine = new SamplingEngine(options, loader)) {
                BucketProfile profile = engine.stage(ref).join().profile();
                fill(engine, ref);
                return time(bare, engine, profile, progress);
            }
        }
    }

    /** Every place taken: half of the rows draw noise in every step, and a quarter of the samples are guided. */
    private static void fill(SamplingEngine engine, CheckpointRef ref) {
        for (int index = 0; engine.freeRows(ref.sha256(), Precision.FP32) > 0; index++) {
            boolean guided = index % 4 == 0 && engine.freeRows(ref.sha256(), Precision.FP32) >= 2;
            SamplerKind kind = index % 2 == 0 ? SamplerKind.DDPM : SamplerKind.DDIM;
            SamplerSettings settings = new SamplerSettings(kind, SamplerSettings.TRAINING_STEPS, 0, guided ? 4 : 1);
            engine.submit(SampleRow.start(new SampleTask("bench", index, 0, 0, settings, ref)));
        }
    }

    private Timings time(Denoiser bare, SamplingEngine engine, BucketProfile profile, IntConsumer progress) {
        TreeSet<Integer> sizes = new TreeSet<>(profile.buckets());
        sizes.addAll(USUAL);
        int area = network.inputSize() * network.inputSize();
        float[] x = RandomWeights.noise(new long[] {(long) sizes.last() * network.inChannels() * area}, 3, 0)
                .floats();
        float[] out = new float[sizes.last() * network.outChannels() * area];
        NavigableMap<Integer, List<Double>> passes = new TreeMap<>();
        sizes.forEach(rows -> passes.put(rows, new ArrayList<>()));
        List<Double> steps = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            passes.forEach((rows, seconds) ->
                    seconds.add(seconds(() -> bare.predict(rows, x, new float[rows], new long[rows], out))));
            steps.add(seconds(engine::step));
            progress.accept(round + 1);
        }
        NavigableMap<Integer, Double> medians = new TreeMap<>();
        passes.forEach((rows, seconds) -> medians.put(rows, Spread.of(seconds).median()));
        return new Timings(profile, new PassDurations(medians), Spread.of(steps).median());
    }

    private static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }
}
