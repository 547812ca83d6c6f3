package io.freshet.app.bench.job;

import io.freshet.app.chaos.Chaos;
import io.freshet.app.chaos.ChaosFigures;
import io.freshet.app.chaos.Fault;
import io.freshet.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import org.apache.commons.io.FileUtils;

/**
 * How long a job takes to resume after a TaskManager was killed ({@code kill -9}), and what that costs. Broker, JobManager and two
 * TaskManagers are processes of their own here; the network is a tiny one, whatever the other parts run.
 *
 * @param kills at least 1
 */
record ResumePart(int kills) implements JobPart {
    private static final double RESUMED_WITHIN_SECONDS = 10;

    @Override
    public String unit() {
        return "kills";
    }

    @Override
    public int work() {
        return kills;
    }

    @Override
    public Map<String, Figure> run(IntConsumer progress) throws CheckpointException, IOException, InterruptedException {
        Path directory = Files.createTempDirectory("freshet-bench-resume-");
        boolean logsNeeded = false;
        try {
            Chaos.Options options = new Chaos.Options(kills, 1, List.of(Fault.TASK_MANAGER_KILLED), false);
            return figures(new Chaos(options, new Rounds(progress)).run(directory));
        } catch (TimeoutException e) {
            logsNeeded = true;
            throw new IOException(e.getMessage() + "; logs are in " + directory, e);
        } finally {
            if (!logsNeeded) {
                FileUtils.deleteDirectory(directory.toFile());
            }
        }
    }

    Map<String, Figure> figures(ChaosFigures measured) {
        Map<String, Figure> figures = new LinkedHashMap<>();
        figures.put(
                "resumeSecondsP50",
                Figure.told(
                        "kill -9 of a TaskManager until all engines step again, median",
                        measured.recoverySecondsP50(),
                        "s"));
        figures.put(
                "resumeSecondsMax",
                Figure.atMost(
                        "the same, longest of " + kills, measured.recoverySecondsMax(), "s", RESUMED_WITHIN_SECONDS));
        figures.put(
                "resumeWorkLostSeconds",
                Figure.atMost(
                        "work lost: time before the kill that no Flink checkpoint covers, longest",
                        Objects.requireNonNull(measured.workLostSecondsMax(), "none was killed"),
                        "s",
                        Chaos.INTERVAL.toMillis() / 1e3));
        figures.put(
                "resumeRows", Figure.atLeast("samples that went on in mid-trajectory", measured.rowsResumed(), "", 1));
        figures.put(
                "resumeImagesWrong",
                Figure.atMost(
                        "images missing, twice or different, of " + measured.requested(),
                        Math.abs(measured.requested() - measured.distinct())
                                + Math.abs(measured.delivered() - measured.distinct())
                                + measured.mismatched(),
                        "",
                        0));
        return figures;
    }

    /** Hears of rounds only. */
    private record Rounds(IntConsumer progress) implements Chaos.Listener {
        @Override
        public void stage(String what) {}

        @Override
        public void round(int number, Fault fault, double recoverySeconds, long delivered) {
            progress.accept(number);
        }

        @Override
        public void undisturbed(long images) {}
    }
}
