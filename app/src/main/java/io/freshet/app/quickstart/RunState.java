package io.freshet.app.quickstart;

import io.freshet.schemas.avro.CheckpointAnnouncement;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import io.freshet.schemas.avro.Purpose;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** What the topics have told about a run so far. For use by one thread. */
final class RunState {
    private final int sheetColumns;
    private final Map<String, Checkpoint> checkpoints = new HashMap<>();
    private long images;
    private long evaluationImages;
    private @Nullable MetricReport window;

    /** One checkpoint, from its announcement to its distance; grows as the run goes on. */
    static final class Checkpoint {
        private final String sha256;
        private final int samplesToKeep;
        private long step;
        private boolean announced;
        private @Nullable CheckpointEvent event;
        private @Nullable MetricReport report;
        private final SortedMap<Long, GeneratedImage> samples = new TreeMap<>();

        private Checkpoint(String sha256, int samplesToKeep) {
            this.sha256 = sha256;
            this.samplesToKeep = samplesToKeep;
        }

        String sha256() {
            return sha256;
        }

        long step() {
            return step;
        }

        Optional<CheckpointEvent> event() {
            return Optional.ofNullable(event);
        }

        boolean isCommitted() {
            return event != null && event.getOutcome() == CheckpointOutcome.COMMITTED;
        }

        /** The newest distance, complete or not. */
        Optional<MetricReport> report() {
            return Optional.ofNullable(report);
        }

        /** Whether its evaluation is complete, and the samples that are kept have been seen too. */
        boolean isJudged() {
            return report != null
                    && report.getComplete()
                    && samples.size() >= Math.min(samplesToKeep, report.getSamples());
        }

        /** Its first evaluation samples by index. */
        SortedMap<Long, GeneratedImage> samples() {
            return samples;
        }
    }

    /**
     * Knows nothing yet.
     *
     * @param sheetColumns how many evaluation images of each checkpoint are kept
     */
    RunState(int sheetColumns) {
        this.sheetColumns = sheetColumns;
    }

    /** Takes in a record of any of the topics. */
    void accept(SpecificRecord message) {
        if (message instanceof CheckpointAnnouncement announcement) {
            checkpoint(announcement.getSha256(), announcement.getStep()).announced = true;
        } else if (message instanceof CheckpointEvent event) {
            if (event.getOutcome() != CheckpointOutcome.ROUTED) {
                checkpoint(event.getSha256(), event.getStep()).event = event;
            }
        } else if (message instanceof MetricReport report) {
            acceptReport(report);
        } else if (message instanceof GeneratedImage image) {
            acceptImage(image);
        }
    }

    /** All checkpoints that were announced or decided upon, by step. */
    List<Checkpoint> checkpoints() {
        List<Checkpoint> all = new ArrayList<>(checkpoints.values());
        all.sort(Comparator.comparingLong(Checkpoint::step));
        return all;
    }

    /** Those that have a complete evaluation, by step. */
    List<Checkpoint> judged() {
        return checkpoints().stream().filter(Checkpoint::isJudged).toList();
    }

    /** Checkpoints that were committed: each of them replaced what was served before. */
    int swaps() {
        return (int)
                checkpoints.values().stream().filter(Checkpoint::isCommitted).count();
    }

    /** Whether each announced checkpoint was either refused, or committed and judged. */
    boolean isSettled() {
        return checkpoints.values().stream()
                .filter(checkpoint -> checkpoint.announced)
                .allMatch(
                        checkpoint -> checkpoint.event != null && (!checkpoint.isCommitted() || checkpoint.isJudged()));
    }

    /** Images delivered, whoever asked for them. */
    long images() {
        return images;
    }

    /** Checkpoints that could not be used. */
    int refused() {
        return (int) checkpoints.values().stream()
                .filter(checkpoint -> checkpoint.event != null && !checkpoint.isCommitted())
                .count();
    }

    /** Announced checkpoints that were not refused: those that are judged, or will be. */
    int toBeJudged() {
        return (int) checkpoints.values().stream()
                .filter(checkpoint -> checkpoint.announced && (checkpoint.event == null || checkpoint.isCommitted()))
                .count();
    }

    /** Images delivered that the job asked for itself. */
    long evaluationImages() {
        return evaluationImages;
    }

    /** The newest distance over the last images served. */
    Optional<MetricReport> window() {
        return Optional.ofNullable(window);
    }

    private void acceptReport(MetricReport report) {
        if (report.getScope() == MetricScope.WINDOW) {
            window = report;
        } else {
            checkpoint(report.getCheckpointSha256(), report.getCheckpointStep()).report = report;
        }
    }

    private void acceptImage(GeneratedImage image) {
        images++;
        if (image.getPurpose() == Purpose.EVALUATION) {
            evaluationImages++;
            if (image.getIndex() < sheetColumns) {
                checkpoint(image.getCheckpointSha256(), image.getCheckpointStep())
                        .samples
                        .put(image.getIndex(), image);
            }
        }
    }

    private Checkpoint checkpoint(String sha256, long step) {
        Checkpoint checkpoint = checkpoints.computeIfAbsent(sha256, key -> new Checkpoint(key, sheetColumns));
        checkpoint.step = step;
        return checkpoint;
    }
}
