package io.freshet.flink.source.planner;

import io.freshet.flink.source.split.WorkSplit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/** The coordinator as the planner sees it, in one thread; time passes when {@link #tick} is called. */
final class FakeContext implements SplitEnumeratorContext<WorkSplit> {
    /** Something sent to a reader: an event or a parcel. */
    record Sent(int subtask, Object what) {}

    final Map<Integer, ReaderInfo> registered = new HashMap<>();
    final List<Sent> sent = new ArrayList<>();
    private final List<Runnable> periodic = new ArrayList<>();

    /** As after a restart of everything. */
    void clear() {
        registered.clear();
        sent.clear();
        periodic.clear();
    }

    void tick() {
        periodic.forEach(Runnable::run);
    }

    @Override
    public SplitEnumeratorMetricGroup metricGroup() {
        return UnregisteredMetricsGroup.createSplitEnumeratorMetricGroup();
    }

    @Override
    public void sendEventToSourceReader(int subtask, SourceEvent event) {
        requireRegistered(subtask);
        sent.add(new Sent(subtask, event));
    }

    @Override
    public int currentParallelism() {
        return 4;
    }

    @Override
    public Map<Integer, ReaderInfo> registeredReaders() {
        return Map.copyOf(registered);
    }

    @Override
    public void assignSplits(SplitsAssignment<WorkSplit> assignment) {
        assignment.assignment().forEach((subtask, splits) -> {
            requireRegistered(subtask);
            splits.forEach(split -> sent.add(new Sent(subtask, split)));
        });
    }

    private void requireRegistered(int subtask) {
        if (!registered.containsKey(subtask)) {
            throw new IllegalStateException("Reader " + subtask + " is not registered");
        }
    }

    @Override
    public void signalNoMoreSplits(int subtask) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler, long initialDelay, long period) {
        periodic.add(() -> {
            T result;
            try {
                result = callable.call();
            } catch (Exception e) {
                handler.accept(null, e);
                return;
            }
            handler.accept(result, null);
        });
    }

    @Override
    public void runInCoordinatorThread(Runnable runnable) {
        runnable.run();
    }

    @Override
    public void setIsProcessingBacklog(boolean isProcessingBacklog) {
        throw new UnsupportedOperationException();
    }
}
