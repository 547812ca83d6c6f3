package io.freshet.flink.source.reader;

import io.freshet.flink.metric.JobMetric;
import io.freshet.flink.source.event.RequestOrders;
import io.freshet.flink.source.event.ResidencyPlan;
import io.freshet.flink.source.event.WorkWanted;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.RequestRow;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.sampling.FinishedSample;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplingEngine;
import io.freshet.schemas.avro.SamplerOutput;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.jspecify.annotations.Nullable;

/**
 * Runs one sampling engine: each poll takes one denoising step for all rows of a batch, so barriers and messages from the planner
 * wait for one step at most, and never for an image to be decoded.
 *
 * <p>Owns the engine and closes it. Everything happens in the task's thread; only the staging of checkpoints and the decoding of
 * latents run beside it. The reader's state is all samples it holds, with the latents of those in flight or not emitted yet, and all
 * notices not emitted. After scaling in, or
 * on a machine whose passes are smaller, it may be handed more rows than its engine takes: the surplus is parked, runs first, and nothing
 * new is asked for meanwhile.
 */
public final class SamplingReader implements SourceReader<SamplerOutput, WorkSplit> {
    private final SourceReaderContext context;
    private final SamplingEngine engine;
    private final InstantSource clock;
    private final CheckpointShelf shelf;
    private final WorkBuffer buffer = new WorkBuffer();
    private final Map<SampleTask, PlannedRequest> inFlight = new HashMap<>();
    private final OrderBook orders = new OrderBook();
    private final SamplePreviews previews = new SamplePreviews();
    private final Counter samplesDropped;
    private final Counter samplesFinished;
    private final Counter rowsRestored;
    private volatile CompletableFuture<Void> available = new CompletableFuture<>();
    private boolean started;
    private boolean asked;
    private boolean noMoreSplits;
    private volatile long lastStepMillis;
    private volatile long rowsWaiting;

    /**
     * @param context the runtime
     * @param engine an engine without rows, closed with the reader
     */
    public SamplingReader(SourceReaderContext context, SamplingEngine engine) {
        this(context, engine, InstantSource.system());
    }

    /** @param clock that deadlines are measured by */
    SamplingReader(SourceReaderContext context, SamplingEngine engine, InstantSource clock) {
        this.clock = clock;
        this.context = context;
        this.engine = engine;
        this.shelf = new CheckpointShelf(engine, context::sendSourceEventToCoordinator, this::wake);
        engine.onDecoded(this::wake);
        MetricGroup metrics = context.metricGroup();
        metrics.gauge(JobMetric.STEPS.metricName(), () -> engine.statistics().forwardPasses());
        metrics.gauge(
                JobMetric.ROW_STEPS.metricName(), () -> engine.statistics().rowSteps());
        metrics.gauge(
                JobMetric.PADDING_ROWS.metricName(), () -> engine.statistics().paddingRows());
        this.samplesFinished = metrics.counter(JobMetric.SAMPLES_FINISHED.metricName());
        this.samplesDropped = metrics.counter(JobMetric.SAMPLES_DROPPED.metricName());
        metrics.gauge(JobMetric.SAMPLES_DECODING.metricName(), engine::decoding);
        this.rowsRestored = metrics.counter(JobMetric.ROWS_RESTORED.metricName());
        metrics.gauge(JobMetric.ROWS_IN_FLIGHT.metricName(), engine::takenRows);
        metrics.gauge(JobMetric.ROWS_WAITING.metricName(), () -> rowsWaiting);
        metrics.gauge(JobMetric.CHECKPOINTS_RESIDENT.metricName(), shelf::size);
        metrics.gauge(JobMetric.RESIDENT_BYTES.metricName(), engine::residentBytes);
        metrics.gauge(
                JobMetric.MEMORY_SHORTAGES.metricName(),
                () -> engine.statistics().memoryShortages());
        metrics.gauge(JobMetric.LAST_STEP_MILLIS.metricName(), () -> lastStepMillis);
    }

    @Override
    public void start() {
        started = true;
        shelf.stage(buffer.networks());
        askForWork();
    }

    @Override
    public InputStatus pollNext(ReaderOutput<SamplerOutput> output) throws Exception {
        if (available.isDone()) {
            // Renewed before looking, so that whatever arrives from now on wakes this reader again.
            available = new CompletableFuture<>();
        }
        if (shelf.settle()) {
            orders.workCame();
        }
        SamplerOutput notice;
        while ((notice = buffer.pollNotice()) != null) {
            output.collect(notice);
        }
        obeyOrders();
        fillEngine();
        rowsWaiting = buffer.rows();
        if (engine.isIdle()) {
            shelf.unload(buffer.networks());
            askForWork();
            return noMoreSplits && buffer.isEmpty() ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
        }
        step(output);
        askForWork();
        if (!engine.canStep() && !engine.isIdle()) {
            // Only the decoder has something to do; it wakes this reader after each image.
            return InputStatus.NOTHING_AVAILABLE;
        }
        wake();
        return InputStatus.MORE_AVAILABLE;
    }

    /** Drops what is cancelled or overdue, and starts anew what is to be drawn from another checkpoint that is in memory by now. */
    private void obeyOrders() {
        long now = clock.millis();
        if (!orders.hasNews(now)) {
            return;
        }
        long dropped = buffer.removeIf(request -> orders.drops(request, now));
        for (SampleRow row : engine.withdraw(task -> orders.drops(requestOf(task), now))) {
            forget(row.task());
            dropped++;
        }
        samplesDropped.inc(dropped);
        for (SampleRow row : engine.withdraw(task -> moved(requestOf(task)) != requestOf(task))) {
            PlannedRequest request = requestOf(row.task());
            forget(row.task());
            buffer.addFirst(moved(request), row.task().index());
        }
        buffer.replace(this::moved);
        orders.obeyed(now, Stream.concat(inFlight.values().stream(), buffer.requests()));
    }

    private PlannedRequest moved(PlannedRequest request) {
        return orders.moved(request, shelf::staged);
    }

    private void fillEngine() {
        RequestRow row;
        while ((row = buffer.pollRow(shelf::classesOf, this::freeRows)) != null) {
            inFlight.put(row.row().task(), row.request());
            engine.submit(row.row());
            previews.begin(row.row().task(), row.row().evaluationsDone(), row.request());
        }
    }

    private int freeRows(NetworkForm network) {
        return engine.freeRows(network.checkpoint().sha256(), network.precision());
    }

    private void step(ReaderOutput<SamplerOutput> output) {
        long startNanos = System.nanoTime();
        boolean steps = engine.canStep();
        List<FinishedSample> finished = engine.step();
        if (steps) {
            lastStepMillis = (System.nanoTime() - startNanos) / 1_000_000;
        }
        for (FinishedSample sample : finished) {
            PlannedRequest request = requestOf(sample.task());
            if (orders.drops(request, clock.millis())) {
                forget(sample.task());
                samplesDropped.inc();
                continue;
            }
            String className = shelf.className(request.form(), sample.task().label());
            output.collect(SampleImages.image(sample, request, className));
            forget(sample.task());
        }
        samplesFinished.inc(finished.size());
        previews.show(engine, this::requestOf, output::collect);
        if (!finished.isEmpty()) {
            // At once, for another network may wait for the room.
            shelf.unload(buffer.networks());
        }
    }

    /** Asks for as much as fills a pass, and once more as much to be at hand through a silence of the planner. */
    private void askForWork() {
        if (!started || asked || noMoreSplits) {
            return;
        }
        int capacity = engine.capacity();
        long room = 2L * capacity - engine.takenRows() - buffer.startableRows(shelf::classesOf);
        // Often, in small portions, so that what somebody waits for is not behind a pass of something else.
        if (room >= Math.max(1, capacity / 8)) {
            asked = true;
            context.sendSourceEventToCoordinator(new WorkWanted((int) room));
        }
    }

    @Override
    public List<WorkSplit> snapshotState(long checkpointId) {
        List<RequestRow> rows =
                engine.snapshot().stream().map(this::withRequest).toList();
        WorkSplit split = buffer.snapshot(rows);
        return split.isEmpty() ? List.of() : List.of(split);
    }

    private RequestRow withRequest(SampleRow row) {
        return new RequestRow(requestOf(row.task()), row);
    }

    private void forget(SampleTask task) {
        inFlight.remove(task);
        previews.end(task);
    }

    private PlannedRequest requestOf(SampleTask task) {
        @Nullable PlannedRequest request = inFlight.get(task);
        if (request == null) {
            throw new IllegalStateException("The engine returned sample " + task.index() + " of request '"
                    + task.requestId() + "', which was not submitted to it");
        }
        return request;
    }

    @Override
    public void addSplits(List<WorkSplit> splits) {
        for (WorkSplit split : splits) {
            buffer.add(split);
            rowsRestored.inc(split.rows().size());
            asked &= split.ranges().isEmpty();
        }
        orders.workCame();
        if (started) {
            shelf.stage(buffer.networks());
        }
        wake();
    }

    @Override
    public void handleSourceEvents(SourceEvent event) {
        if (event instanceof ResidencyPlan plan) {
            shelf.follow(plan.wanted(), buffer.networks());
        } else if (event instanceof RequestOrders told) {
            orders.receive(told);
            wake();
        } else {
            throw new IllegalArgumentException("The planner sent an unknown event " + event);
        }
    }

    @Override
    public void notifyNoMoreSplits() {
        noMoreSplits = true;
        wake();
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return available;
    }

    private void wake() {
        available.complete(null);
    }

    @Override
    public void close() {
        engine.close();
    }
}
