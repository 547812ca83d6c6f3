package io.freshet.app.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.script.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Parity with the numbers of the original Python code, fixture by fixture. */
class ConformanceTest {
    private static final Path FIXTURES = Path.of("../model-runtime/src/test/resources/fixtures");

    /** What has a runner: names of fixtures begin so. */
    private static final List<String> COVERED = List.of("dit/", "sit/");

    @TestFactory
    Stream<DynamicTest> agreesWithTheOriginal() throws IOException {
        Conformance conformance = new Conformance(FIXTURES, TorchDevice.CPU);
        return conformance.fixtures().stream()
                .filter(name -> COVERED.stream().anyMatch(name::startsWith))
                .map(name -> DynamicTest.dynamicTest(
                        name,
                        () -> assertThat(conformance.run(name))
                                .isNotEmpty()
                                .allSatisfy(check -> assertThat(check.pass())
                                        .as(check.toString())
                                        .isTrue())));
    }
}
