package io.freshet.app.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.script.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Parity with the numbers of the original Python code, fixture by fixture. */
class ConformanceTest {
    private static final Path FIXTURES = Path.of("../model-runtime/src/test/resources/fixtures");

    /** Metrics that are not computed yet. */
    private static final String LATER = "metrics/features";

    @TestFactory
    Stream<DynamicTest> agreesWithTheOriginal() throws IOException {
        Conformance conformance = new Conformance(FIXTURES, TorchDevice.CPU);
        return conformance.fixtures().stream()
                .filter(name -> !name.startsWith(LATER))
                .map(name -> DynamicTest.dynamicTest(
                        name,
                        () -> assertThat(conformance.run(name))
                                .isNotEmpty()
                                .allSatisfy(check -> assertThat(check.pass())
                                        .as(check.toString())
                                        .isTrue())));
    }
}
