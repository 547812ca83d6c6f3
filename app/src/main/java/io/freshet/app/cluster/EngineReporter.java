package io.freshet.app.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.Scheduled;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes how the engines of this process stand into a file of its own, several times a second. Flink tells the same over HTTP, but not
 * for minutes after a TaskManager has died: until a question to it has timed out, it asks no other.
 */
final class EngineReporter implements MetricReporter, Scheduled {
    private static final Logger LOG = LoggerFactory.getLogger(EngineReporter.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    /** The operator whose tasks are engines. Nothing of the job can be named here: it is in a class loader of its own. */
    private static final String SAMPLER = "Source: sampler";

    private final Path file;
    private final Map<Task, Engine> engines = new TreeMap<>();

    /** A task of the sampler. */
    private record Task(String job, int subtask, int attempt) implements Comparable<Task> {
        static Task of(MetricGroup group) {
            Map<String, String> variables = group.getAllVariables();
            return new Task(
                    variables.getOrDefault("<job_id>", ""),
                    Integer.parseInt(variables.getOrDefault("<subtask_index>", "-1")),
                    Integer.parseInt(variables.getOrDefault("<task_attempt_num>", "-1")));
        }

        @Override
        public int compareTo(Task other) {
            return toString().compareTo(other.toString());
        }
    }

    private record Engine(long startedAtMillis, Map<String, Metric> metrics) {}

    EngineReporter(Path directory) {
        this.file = directory.resolve(ProcessHandle.current().pid() + EngineView.SUFFIX);
    }

    @Override
    public void open(MetricConfig config) {}

    @Override
    public void close() {}

    @Override
    public synchronized void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
        if (isOfEngine(group)) {
            engines.computeIfAbsent(Task.of(group), task -> new Engine(System.currentTimeMillis(), new TreeMap<>()))
                    .metrics()
                    .put(name, metric);
        }
    }

    @Override
    public synchronized void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
        if (isOfEngine(group)) {
            engines.remove(Task.of(group));
        }
    }

    private static boolean isOfEngine(MetricGroup group) {
        return SAMPLER.equals(group.getAllVariables().get("<operator_name>"));
    }

    @Override
    public void report() {
        try {
            Path partial = file.resolveSibling(file.getFileName() + ".partial");
            Files.write(partial, JSON.writeValueAsBytes(views()));
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.debug("How the engines stand cannot be written to {}", file, e);
        }
    }

    private synchronized List<EngineView> views() {
        List<EngineView> views = new ArrayList<>();
        engines.forEach((task, engine) -> {
            Map<String, Long> values = new TreeMap<>();
            engine.metrics().forEach((name, metric) -> values.put(name, value(metric)));
            views.add(new EngineView(task.job(), task.subtask(), task.attempt(), engine.startedAtMillis(), values));
        });
        return views;
    }

    private static long value(Metric metric) {
        if (metric instanceof Counter counter) {
            return counter.getCount();
        }
        return metric instanceof Gauge<?> gauge && gauge.getValue() instanceof Number number ? number.longValue() : 0;
    }
}
