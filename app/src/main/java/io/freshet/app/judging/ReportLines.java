package io.freshet.app.judging;

import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import java.util.Locale;

/** Reports of sources as the rows of a table that is printed while they come. */
public final class ReportLines {
    private static final String ROW = "%-28s  %-6s  %8s  %12s  %12s  %s";

    /** The table's first line. */
    public static final String HEADER =
            String.format(Locale.ROOT, ROW, "source", "images", "number", "distance", "floor", "");

    private ReportLines() {}

    /** One row: of all images so far, or of the last ones. */
    public static String line(MetricReport report) {
        return String.format(
                        Locale.ROOT,
                        ROW,
                        report.getSource(),
                        report.getScope() == MetricScope.SOURCE ? "all" : "last",
                        report.getSamples(),
                        String.format(Locale.ROOT, "%.4f", report.getFrechetDistance()),
                        String.format(Locale.ROOT, "%.4f", report.getBiasFloor()),
                        isEndOf(report) ? "complete" : "")
                .stripTrailing();
    }

    /** Whether the report is the last one of its source's evaluation. */
    public static boolean isEndOf(MetricReport report) {
        return report.getScope() == MetricScope.SOURCE && report.getComplete();
    }
}
