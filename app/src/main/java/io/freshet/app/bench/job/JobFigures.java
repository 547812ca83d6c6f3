package io.freshet.app.bench.job;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was measured of the job; the names are those of the JSON report.
 *
 * @param pass whether all targets are reached that were measured
 * @param model the network
 * @param threads of LibTorch
 * @param parts that were measured, in order
 * @param figures by name, in order
 */
public record JobFigures(boolean pass, String model, int threads, List<String> parts, Map<String, Figure> figures) {
    public JobFigures {
        parts = List.copyOf(parts);
        figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    }

    static JobFigures of(String model, int threads, List<String> parts, Map<String, Figure> figures) {
        boolean pass = figures.values().stream().noneMatch(figure -> Boolean.FALSE.equals(figure.pass()));
        return new JobFigures(pass, model, threads, parts, figures);
    }
}
