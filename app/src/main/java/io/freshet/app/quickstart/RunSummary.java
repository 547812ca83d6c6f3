package io.freshet.app.quickstart;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.quickstart.RunState.Checkpoint;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.MetricReport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/**
 * A run in numbers.
 *
 * @param runDirectory where everything is
 * @param bootstrapServers where the broker was, or is
 * @param checkpoints those that were judged, by step
 * @param refused checkpoints that could not be used
 * @param swaps checkpoints that were put into service without stopping the job
 * @param jobRestarts how often Flink restarted the job's tasks after failures
 * @param imagesGenerated images delivered, whoever asked for them
 * @param wallSeconds from the start of the run
 * @param peakRssMiB most memory resident, this process and the trainer added; nothing where the system does not tell
 * @param device what the job drew its images on
 * @param precision that it judged checkpoints in, by its name on the wire
 */
public record RunSummary(
        String runDirectory,
        String bootstrapServers,
        List<Row> checkpoints,
        int refused,
        int swaps,
        int jobRestarts,
        long imagesGenerated,
        double wallSeconds,
        OptionalLong peakRssMiB,
        String device,
        String precision) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public RunSummary {
        checkpoints = List.copyOf(checkpoints);
    }

    /**
     * One checkpoint.
     *
     * @param swapMillis from the start of verification until it served
     */
    public record Row(
            long step,
            double fid,
            double biasFloor,
            long samples,
            String sha256,
            long swapMillis,
            String extractor,
            String extractorSha256,
            String reference,
            long referenceSamples) {
        static Row of(Checkpoint checkpoint) {
            MetricReport report = checkpoint.report().orElseThrow();
            return new Row(
                    checkpoint.step(),
                    report.getFrechetDistance(),
                    report.getBiasFloor(),
                    report.getSamples(),
                    checkpoint.sha256(),
                    checkpoint.event().map(Row::swapMillis).orElse(0L),
                    report.getExtractor(),
                    report.getExtractorSha256(),
                    report.getReference(),
                    report.getReferenceSamples());
        }

        private static long swapMillis(CheckpointEvent event) {
            return event.getVerifyMillis() + event.getStageMillis() + event.getWarmMillis();
        }
    }

    /** As one JSON object on one line. */
    public String toJson() throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        List<Map<String, Object>> list = new ArrayList<>();
        for (Row row : checkpoints) {
            Map<String, Object> checkpoint = new LinkedHashMap<>();
            checkpoint.put("step", row.step());
            checkpoint.put("fid", row.fid());
            checkpoint.put("samples", row.samples());
            checkpoint.put("biasFloor", row.biasFloor());
            checkpoint.put("sha256", row.sha256());
            checkpoint.put("swapMillis", row.swapMillis());
            list.add(checkpoint);
        }
        json.put("checkpoints", list);
        json.put("swaps", swaps);
        json.put("refusedCheckpoints", refused);
        json.put("jobRestarts", jobRestarts);
        json.put("imagesGenerated", imagesGenerated);
        json.put("wallSeconds", Math.round(wallSeconds * 1000) / 1000.0);
        json.put("peakRssMiB", peakRssMiB.isPresent() ? peakRssMiB.getAsLong() : null);
        json.put("device", device);
        json.put("precision", precision);
        json.put("extractor", checkpoints.isEmpty() ? null : checkpoints.get(0).extractor());
        json.put(
                "extractorSha256",
                checkpoints.isEmpty() ? null : checkpoints.get(0).extractorSha256());
        json.put("reference", checkpoints.isEmpty() ? null : checkpoints.get(0).reference());
        json.put(
                "referenceSamples",
                checkpoints.isEmpty() ? null : checkpoints.get(0).referenceSamples());
        json.put("runDirectory", runDirectory);
        json.put("endpoint", bootstrapServers);
        return JSON.writeValueAsString(json);
    }

    /** The judged checkpoints as a table for people, a line each. */
    List<String> table() {
        List<String> lines = new ArrayList<>();
        lines.add(
                String.format(Locale.ROOT, "%8s %10s %10s %9s %11s", "step", "FID", "floor", "samples", "swapped in"));
        for (Row row : checkpoints) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%8d %10.3f %10.3f %9d %8d ms",
                    row.step(),
                    row.fid(),
                    row.biasFloor(),
                    row.samples(),
                    row.swapMillis()));
        }
        return lines;
    }

    /** Judged checkpoints as comma-separated values with a header. */
    static String csv(List<Row> checkpoints) {
        StringBuilder csv = new StringBuilder(
                "step,fid,bias_floor,samples,checkpoint_sha256,extractor,extractor_sha256,reference,reference_samples\n");
        for (Row row : checkpoints) {
            csv.append(row.step()).append(',');
            csv.append(row.fid()).append(',');
            csv.append(row.biasFloor()).append(',');
            csv.append(row.samples()).append(',');
            csv.append(row.sha256()).append(',');
            csv.append(quoted(row.extractor())).append(',');
            csv.append(row.extractorSha256()).append(',');
            csv.append(quoted(row.reference())).append(',');
            csv.append(row.referenceSamples()).append('\n');
        }
        return csv.toString();
    }

    private static String quoted(String text) {
        return '"' + text.replace("\"", "\"\"") + '"';
    }
}
