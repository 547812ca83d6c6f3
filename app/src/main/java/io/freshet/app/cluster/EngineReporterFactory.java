package io.freshet.app.cluster;

import java.nio.file.Path;
import java.util.Properties;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Makes the reporter of every Flink process; its setting {@code directory} says where it writes. */
public final class EngineReporterFactory implements MetricReporterFactory {
    @Override
    public MetricReporter createMetricReporter(Properties properties) {
        return new EngineReporter(Path.of(properties.getProperty("directory")));
    }
}
