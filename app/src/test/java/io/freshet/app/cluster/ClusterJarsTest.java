package io.freshet.app.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.freshet.flink.job.SamplingJobMain;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterJarsTest {
    @TempDir
    Path directory;

    @Test
    void theJobIsAThinJarThatNoProcessLoadsItself() throws Exception {
        ClusterJars jars = ClusterJars.ofThisProcess(directory);
        try (JarFile job = new JarFile(jars.job().toFile())) {
            assertThat(job.getEntry(SamplingJobMain.class.getName().replace('.', '/') + ".class"))
                    .as("the job's main class in its jar")
                    .isNotNull();
            assertThat(job.stream().filter(entry -> entry.getName().startsWith("ai/djl")))
                    .as("what is of DJL in the job")
                    .isEmpty();
        }
        assertThat(jars.classPath())
                .as("class path of the processes")
                .noneMatch(path -> path.getFileName().toString().startsWith("flink-jobs"))
                .anyMatch(path -> path.getFileName().toString().startsWith("pytorch-engine"))
                .anyMatch(path -> path.getFileName().toString().startsWith("flink-runtime"));
    }

    @Test
    void aJobOnTheClassPathIsRefused() {
        Path job = Path.of("job.jar");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ClusterJars(job, List.of(job)))
                .withMessageContaining("job.jar is on the class path of the cluster");
    }
}
