package io.freshet.app.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short form of {@code freshet bench chaos}, about two minutes. */
@Tag("cluster")
class ChaosTest {
    @TempDir
    Path directory;

    @Test
    void everyImageComesOnceAndAsItWouldHaveThroughKillsOfEachProcess() throws Exception {
        List<Fault> faults = List.of(Fault.TASK_MANAGER_KILLED, Fault.JOB_MANAGER_KILLED, Fault.BROKER_KILLED);
        ChaosFigures figures =
                new Chaos(new Chaos.Options(faults.size(), 7, faults, false), new Silent()).run(directory);
        assertThat(figures.pass()).as("%s", figures).isTrue();
        assertThat(figures.requested()).as("samples requested").isPositive();
        assertThat(figures.kills()).as("kills").isEqualTo(3);
        assertThat(figures.events().keySet())
                .as("what happened")
                .containsExactlyInAnyOrder("taskManagerKilled", "jobManagerKilled", "brokerKilled");
        assertThat(figures.submissions())
                .as("submissions: the first, and one after the JobManager was killed")
                .isEqualTo(2);
        assertThat(figures.rowsResumed())
                .as("samples resumed in mid-trajectory")
                .isPositive();
        assertThat(figures.workLostSecondsMax())
                .as("seconds of work that the killed TaskManager took along")
                .isBetween(0.0, 60.0);
    }

    private static final class Silent implements Chaos.Listener {
        @Override
        public void stage(String what) {}

        @Override
        public void round(int number, Fault fault, double recoverySeconds, long delivered) {}

        @Override
        public void undisturbed(long images) {}
    }
}
