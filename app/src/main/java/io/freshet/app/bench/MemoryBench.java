package io.freshet.app.bench;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.model.UDitConfig;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * Whether memory stays as it is while an engine steps and swaps checkpoints, over a tiny U-DiT: 16x16x4, 16 channels.
 *
 * @param steps of the engine, at least 10
 * @param swaps of checkpoints, at least 10
 * @param boundMiB how much resident memory may grow in all
 */
public record MemoryBench(int steps, int swaps, double boundMiB) {
    private static final UDitConfig NETWORK = UDitConfig.paper(16, 4, 16, List.of(1, 1, 1, 1, 1), 2, 2, 10);
    private static final EngineOptions OPTIONS = new EngineOptions(List.of(4, 8));
    private static final int SAMPLE_STEPS = 2;

    /** How often memory is read in either part. */
    private static final int READINGS = 10;

    /** Warming up does so much of the work before it counts. */
    private static final double WARM_UP = 0.3;

    public MemoryBench {
        if (steps < READINGS || swaps < READINGS) {
            throw new IllegalArgumentException(
                    steps + " steps and " + swaps + " swaps, expected at least " + READINGS + " of each");
        }
        if (!(boundMiB > 0)) {
            throw new IllegalArgumentException("the bound is " + boundMiB + " MiB, expected more than 0");
        }
    }

    /** Steps and swaps to do, warming up included. */
    public int work() {
        return warm(steps) + steps + warm(swaps) + swaps;
    }

    private static int warm(int count) {
        return (int) Math.ceil(WARM_UP * count);
    }

    /**
     * Measures, on the calling thread.
     *
     * @param progress hears how many steps and swaps are done, of {@link #work}
     * @throws CheckpointException if a checkpoint cannot be stored or loaded
     * @throws IllegalStateException if the operating system does not tell what is resident
     */
    public MemoryFigures run(IntConsumer progress) throws CheckpointException, IOException {
        MemoryReading.now();
        try (BenchStore store = new BenchStore(NETWORK, 2);
                SamplingEngine engine = new SamplingEngine(OPTIONS, new CheckpointDenoiserLoader(store.store()))) {
            Run run = new Run(engine, store.checkpoints(), progress);
            run.swap();
            run.steps(warm(steps));
            run.swaps(warm(swaps));
            List<MemoryReading> whileStepping = readings(steps, run::steps);
            List<MemoryReading> whileSwapping = readings(swaps, run::swaps);
            return figures(whileStepping, whileSwapping);
        }
    }

    private static List<MemoryReading> readings(int count, IntConsumer work) {
        List<MemoryReading> readings = new ArrayList<>(List.of(MemoryReading.now()));
        for (int part = 0; part < READINGS; part++) {
            work.accept((part + 1) * count / READINGS - part * count / READINGS);
            readings.add(MemoryReading.now());
        }
        return readings;
    }

    private MemoryFigures figures(List<MemoryReading> whileStepping, List<MemoryReading> whileSwapping) {
        double ofSteps = MemoryReading.growthMiB(whileStepping);
        double ofSwaps = MemoryReading.growthMiB(whileSwapping);
        List<MemoryReading> all = new ArrayList<>(whileStepping);
        all.addAll(whileSwapping);
        double start = all.get(0).residentMiB();
        return new MemoryFigures(
                steps,
                swaps,
                start,
                all.get(all.size() - 1).residentMiB(),
                100 * ofSteps / steps,
                100 * ofSwaps / swaps,
                ofSteps + ofSwaps,
                (ofSteps + ofSwaps) / start,
                boundMiB,
                ofSteps + ofSwaps <= boundMiB,
                all.stream().map(MemoryReading::residentMiB).toList(),
                all.stream().map(MemoryReading::heapMiB).toList());
    }

    /** The engine at work. */
    private static final class Run {
        private final SamplingEngine engine;
        private final List<CheckpointRef> checkpoints;
        private final IntConsumer progress;
        private int current;
        private long index;
        private int done;

        Run(SamplingEngine engine, List<CheckpointRef> checkpoints, IntConsumer progress) {
            this.engine = engine;
            this.checkpoints = checkpoints;
            this.progress = progress;
        }

        void steps(int count) {
            for (int i = 0; i < count; i++) {
                step();
                progress.accept(++done);
            }
        }

        void swaps(int count) {
            for (int i = 0; i < count; i++) {
                swap();
                progress.accept(++done);
            }
        }

        /** Loads the other checkpoint, lets rows of the one before finish, and unloads that. */
        private void swap() {
            current = (current + 1) % checkpoints.size();
            CheckpointRef ref = checkpoints.get(current);
            if (engine.isResident(ref.sha256(), Precision.FP32)) {
                throw new IllegalStateException("Checkpoint " + ref.directory() + " was not unloaded");
            }
            engine.stage(ref).join();
            for (int i = 0; i < 2 * SAMPLE_STEPS; i++) {
                step();
            }
            engine.retainOnly(Set.of(new NetworkForm(ref, Precision.FP32)));
        }

        private void step() {
            CheckpointRef ref = checkpoints.get(current);
            while (engine.freeRows(ref.sha256(), Precision.FP32) > 0) {
                SamplerKind kind = index % 2 == 0 ? SamplerKind.DDPM : SamplerKind.DDIM;
                SamplerSettings settings = new SamplerSettings(kind, SAMPLE_STEPS, 0, 1);
                engine.submit(SampleRow.start(new SampleTask("bench", index++, 0, 0, settings, ref)));
            }
            engine.step();
        }
    }
}
