package io.freshet.app.quickstart;

import io.freshet.app.console.Terminal;
import io.freshet.app.local.RunDirectory;
import io.freshet.app.quickstart.RunState.Checkpoint;
import io.freshet.app.report.FidPlot;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.MetricReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/** Tells people about a run, in lines and in the files of its directory. */
final class RunReport {
    /** Samples of each checkpoint on the contact sheet: two of each class of {@code shapes}. */
    static final int SHEET_COLUMNS = 20;

    private final RunDirectory run;

    RunReport(RunDirectory run) {
        this.run = run;
    }

    /** A line for what became of a checkpoint. */
    void tell(CheckpointEvent event, Terminal terminal) {
        String sha = event.getSha256().substring(0, 8);
        if (event.getOutcome() == CheckpointOutcome.REFUSED) {
            terminal.line(
                    String.format(Locale.ROOT, "step %6d · refused %s: %s", event.getStep(), sha, event.getReason()));
            return;
        }
        if (event.getOutcome() == CheckpointOutcome.ROUTED) {
            terminal.line(String.format(
                    Locale.ROOT,
                    "step %6d · %s serves %s %% of the requests: %s",
                    event.getStep(),
                    sha,
                    event.getPercent(),
                    event.getReason()));
            return;
        }
        terminal.line(String.format(
                Locale.ROOT,
                "step %6d · swapped in %s: verified in %d ms, loaded in %d ms, warm after %d ms",
                event.getStep(),
                sha,
                event.getVerifyMillis(),
                event.getStageMillis(),
                event.getWarmMillis()));
    }

    /** A line for a verdict. */
    void tell(Checkpoint judged, Terminal terminal) {
        MetricReport report = judged.report().orElseThrow();
        terminal.line(String.format(
                Locale.ROOT,
                "step %6d · FID %.3f over %,d images (%s; a perfect model: %.3f)",
                judged.step(),
                report.getFrechetDistance(),
                report.getSamples(),
                report.getExtractor(),
                report.getBiasFloor()));
    }

    /** Draws the pictures and the table of the checkpoints judged so far. */
    void draw(List<Checkpoint> judged) throws IOException {
        MetricReport newest = judged.get(judged.size() - 1).report().orElseThrow();
        String title = String.valueOf(newest.getModel());
        replace(run.contactSheet(), ProgressSheet.png(title + ": the same seeds at every checkpoint", judged));
        List<RunSummary.Row> rows = judged.stream().map(RunSummary.Row::of).toList();
        replace(run.fidCsv(), RunSummary.csv(rows).getBytes(StandardCharsets.UTF_8));
        List<FidPlot.Point> points = rows.stream()
                .map(row -> new FidPlot.Point(row.step(), row.fid()))
                .toList();
        FidPlot plot = new FidPlot(title, newest.getExtractor(), newest.getSamples(), newest.getBiasFloor(), points);
        replace(run.fidPlot(), plot.png());
    }

    /** Writes the run in numbers. */
    void write(RunSummary summary) throws IOException {
        replace(run.summary(), (summary.toJson() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** The run in numbers, for people. */
    void tell(RunSummary summary, Terminal terminal) {
        terminal.line("");
        summary.table().forEach(terminal::line);
        terminal.line("");
        terminal.line(String.format(
                Locale.ROOT,
                "%d checkpoints swapped into the running job, %,d images, %d job restarts, %.0f s%s",
                summary.swaps(),
                summary.imagesGenerated(),
                summary.jobRestarts(),
                summary.wallSeconds(),
                summary.peakRssMiB().isPresent()
                        ? String.format(
                                Locale.ROOT,
                                ", %,d MiB at most",
                                summary.peakRssMiB().getAsLong())
                        : ""));
        terminal.line("contact sheet  " + run.contactSheet());
        terminal.line("FID            " + run.fidPlot() + ", " + run.fidCsv());
        terminal.line("checkpoints    " + run.checkpoints());
        terminal.line("draw more      ./freshet sample " + run.checkpoints());
    }

    /** How to talk to the job that stays up. */
    void tellHowToAsk(String servers, Topics topics, Terminal terminal) {
        terminal.line("");
        terminal.line("The job stays up until Ctrl-C. In another terminal:");
        terminal.line("  ./freshet generate --count 64" + generateOption());
        terminal.line("  echo '{\"requestId\": \"mine-1\", \"count\": 4, \"seed\": 7}' | kcat -P -b " + servers + " -t "
                + topics.requests());
        terminal.line("  kcat -C -b " + servers + " -t " + topics.status() + " -o beginning -e -q");
        terminal.line("Topics: "
                + String.join(
                        ", ",
                        List.of(
                                topics.requests(),
                                topics.images(),
                                topics.status(),
                                topics.metrics(),
                                topics.deadLetters())));
    }

    private String generateOption() {
        Path defaultRuns = Path.of("runs").toAbsolutePath();
        Path runs = run.path().getParent();
        return defaultRuns.equals(runs) ? "" : " --runs-dir " + runs;
    }

    private static void replace(Path file, byte[] content) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        Files.write(partial, content);
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
