package io.freshet.app.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetainedCheckpointsTest {
    @TempDir
    Path directory;

    private final JobID job = new JobID(1, 2);
    private RetainedCheckpoints states;

    @BeforeEach
    void addJob() {
        states = new RetainedCheckpoints(directory, directory.resolve("savepoints"));
        states.add(job, Optional.empty());
    }

    private Path checkpoint(JobID of, int number) throws IOException {
        Path path = incomplete(of, number);
        write(path.resolve("_metadata"), "metadata of " + number);
        return path;
    }

    private Path incomplete(JobID of, int number) throws IOException {
        Path path = Files.createDirectories(directory.resolve(of.toHexString()).resolve("chk-" + number));
        write(path.resolve("state"), "state of " + number);
        return path;
    }

    private static Path write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text, StandardCharsets.UTF_8);
    }

    @Test
    void theNewestCompleteOneIsTaken() throws IOException {
        assertThat(states.any()).isFalse();
        assertThat(states.newest()).isEmpty();
        checkpoint(job, 9);
        Path newest = checkpoint(job, 10);
        incomplete(job, 11);
        states.seal();
        assertThat(states.newest()).hasValue(newest);
        assertThat(states.any()).isTrue();
    }

    @Test
    void oneOfWhichABitHasChangedIsPassedOver() throws IOException {
        Path older = checkpoint(job, 9);
        Path newest = checkpoint(job, 10);
        states.seal();
        write(newest.resolve("state"), "State of 10");
        assertThat(states.newest()).hasValue(older);
        assertThat(states.refused()).isEqualTo(1);
    }

    @Test
    void oneOfWhichAFileIsMissingIsPassedOver() throws IOException {
        Path older = checkpoint(job, 9);
        Path newest = checkpoint(job, 10);
        states.seal();
        Files.delete(newest.resolve("state"));
        assertThat(states.newest()).hasValue(older);
    }

    @Test
    void filesThatItMayShareAreLookedAtToo() throws IOException {
        checkpoint(job, 9);
        Path shared =
                write(directory.resolve(job.toHexString()).resolve("shared").resolve("1.sst"), "shared");
        states.seal();
        write(shared, "Shared");
        assertThat(states.newest()).as("all that could share a damaged file").isEmpty();
        assertThat(states.any()).as("whether there was a state at all").isTrue();
    }

    @Test
    void aSharedFileThatWasRemovedBelongedToOlderOnes() throws IOException {
        Path newest = checkpoint(job, 9);
        Path shared =
                write(directory.resolve(job.toHexString()).resolve("shared").resolve("1.sst"), "shared");
        states.seal();
        Files.delete(shared);
        assertThat(states.newest()).hasValue(newest);
    }

    @Test
    void aJobWithoutOneOfItsOwnFallsBackOnWhatItWentOnFrom() throws IOException {
        Path before = checkpoint(job, 3);
        Path oldest = checkpoint(job, 2);
        JobID next = new JobID(3, 4);
        states.seal();
        states.add(next, Optional.of(before));
        assertThat(states.newest()).hasValue(before);
        write(before.resolve("state"), "another");
        assertThat(states.newest()).hasValue(oldest);
        Path own = checkpoint(next, 1);
        assertThat(states.newest()).hasValue(own);
    }

    @Test
    void aSavepointThatAJobEndedWithIsTheNewest() throws IOException {
        Path last = checkpoint(job, 3);
        Files.setLastModifiedTime(last.resolve("_metadata"), FileTime.fromMillis(1_000));
        String id = job.toHexString().substring(0, 6);
        Path savepoint = directory.resolve("savepoints").resolve("savepoint-" + id + "-abc");
        write(directory.resolve("savepoints").resolve("savepoint-other-abc").resolve("_metadata"), "of another job");
        assertThat(states.newest()).hasValue(last);
        write(savepoint.resolve("_metadata"), "of this one");
        assertThat(states.newest()).hasValue(savepoint);
    }
}
