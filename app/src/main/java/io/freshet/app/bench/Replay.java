package io.freshet.app.bench;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.DenoiserLoader.LoadedDenoiser;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.FinishedSample;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What becomes of a load, in virtual time: forward passes take as long as they were measured to, and everything else nothing.
 *
 * @param arrivals the load
 * @param durations of forward passes
 */
record Replay(List<Arrival> arrivals, PassDurations durations) {
    private static final double GUIDANCE = 4;
    private static final CheckpointRef NOWHERE = new CheckpointRef("bench", 0, "virtual", "0".repeat(64));

    Replay {
        arrivals = List.copyOf(arrivals);
    }

    /**
     * What came of it.
     *
     * @param latencies seconds from arrival to image, by request
     * @param endSeconds when the last image was finished
     * @param busySeconds of which forward passes ran
     */
    record Outcome(double[] latencies, double endSeconds, double busySeconds) {
        /** Latencies of those that are interactive, or of those that are not. */
        Spread of(List<Arrival> arrivals, boolean interactive) {
            List<Double> chosen = new ArrayList<>();
            for (int i = 0; i < latencies.length; i++) {
                if (arrivals.get(i).interactive() == interactive) {
                    chosen.add(latencies[i]);
                }
            }
            return Spread.of(chosen);
        }

        double imagesPerSecond() {
            return latencies.length / endSeconds;
        }
    }

    /** Continuous batching, by the engine itself: a request begins as soon as its rows are free, in the midst of others. */
    Outcome continuous() {
        double[] latencies = new double[arrivals.size()];
        Clock clock = new Clock();
        EngineOptions options =
                new EngineOptions(List.copyOf(durations.seconds().keySet()));
        try (SamplingEngine engine = new SamplingEngine(
                options, (ref, precision) -> new LoadedDenoiser(new TimedDenoiser(durations, clock), 0, 0))) {
            engine.stage(NOWHERE).join();
            clock.reset();
            Waiting waiting = new Waiting(arrivals);
            for (int done = 0; done < latencies.length; ) {
                waiting.admit(clock.now);
                submit(engine, waiting);
                if (engine.isIdle()) {
                    clock.now = waiting.nextArrival();
                }
                for (FinishedSample sample : engine.step()) {
                    int request = (int) sample.task().index();
                    latencies[request] = clock.now - arrivals.get(request).seconds();
                    done++;
                }
            }
        }
        return new Outcome(latencies, clock.now, clock.busy);
    }

    private void submit(SamplingEngine engine, Waiting waiting) {
        Integer request = waiting.poll(engine.freeRows(NOWHERE.sha256(), Precision.FP32));
        while (request != null) {
            Arrival arrival = arrivals.get(request);
            SamplerSettings settings =
                    new SamplerSettings(SamplerKind.DDIM, arrival.steps(), 0, arrival.guided() ? GUIDANCE : 1);
            engine.submit(SampleRow.start(new SampleTask("bench", request, 0, 0, settings, NOWHERE)));
            request = waiting.poll(engine.freeRows(NOWHERE.sha256(), Precision.FP32));
        }
    }

    /**
     * Static batching: what waits becomes a batch, which runs to the end of its longest request and gives its images out together;
     * then the next is formed. In its favour, rows that have taken their steps are left out of later passes.
     */
    Outcome fixed() {
        double[] latencies = new double[arrivals.size()];
        Clock clock = new Clock();
        Waiting waiting = new Waiting(arrivals);
        for (int done = 0; done < latencies.length; ) {
            waiting.admit(clock.now);
            if (waiting.isEmpty()) {
                clock.now = waiting.nextArrival();
                continue;
            }
            List<Integer> batch = batch(waiting);
            int longest = batch.stream()
                    .mapToInt(request -> arrivals.get(request).steps())
                    .max()
                    .orElseThrow();
            for (int step = 0; step < longest; step++) {
                clock.pass(durations.of(rowsAfter(batch, step)));
            }
            for (int request : batch) {
                latencies[request] = clock.now - arrivals.get(request).seconds();
            }
            done += batch.size();
        }
        return new Outcome(latencies, clock.now, clock.busy);
    }

    private List<Integer> batch(Waiting waiting) {
        List<Integer> batch = new ArrayList<>();
        int free = durations.largest();
        Integer request = waiting.poll(free);
        while (request != null) {
            batch.add(request);
            free -= arrivals.get(request).networkRows();
            request = waiting.poll(free);
        }
        return batch;
    }

    /** Network rows of a batch that still have steps to take after so many. */
    private int rowsAfter(List<Integer> batch, int steps) {
        return batch.stream()
                .map(arrivals::get)
                .filter(arrival -> arrival.steps() > steps)
                .mapToInt(Arrival::networkRows)
                .sum();
    }

    /** Virtual seconds. The engine warms its network on another thread, before time begins. */
    private static final class Clock {
        private double now;
        private double busy;

        synchronized void pass(double seconds) {
            now += seconds;
            busy += seconds;
        }

        synchronized void reset() {
            now = 0;
            busy = 0;
        }
    }

    /** A network of one number that lets time pass. */
    private record TimedDenoiser(PassDurations durations, Clock clock) implements Denoiser {
        @Override
        public int channels() {
            return 1;
        }

        @Override
        public int height() {
            return 1;
        }

        @Override
        public int width() {
            return 1;
        }

        @Override
        public List<String> classNames() {
            return List.of("any");
        }

        @Override
        public boolean learnsSigma() {
            return false;
        }

        @Override
        public void predict(int rows, float[] x, float[] t, long[] y, float[] out) {
            clock.pass(durations.of(rows));
            Arrays.fill(out, 0, rows, 0);
        }

        @Override
        public void close() {}
    }
}
