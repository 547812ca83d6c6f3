package io.freshet.app.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ChildMainTest {
    @Test
    void aProcessEndsWithTheOneThatStartedIt() throws Exception {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        ChildMain.class.getName(),
                        NeverEnds.class.getName(),
                        "up")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(child.inputReader().readLine()).as("its first argument").isEqualTo("up");
            child.getOutputStream().close();
            assertThat(child.waitFor(20, TimeUnit.SECONDS))
                    .as("whether it has ended")
                    .isTrue();
        } finally {
            child.destroyForcibly();
        }
    }

    static final class NeverEnds {
        private NeverEnds() {}

        public static void main(String[] arguments) throws InterruptedException {
            System.out.println(arguments[0]);
            new CountDownLatch(1).await();
        }
    }
}
