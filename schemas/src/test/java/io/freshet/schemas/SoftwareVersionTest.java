package io.freshet.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SoftwareVersionTest {
    @Test
    void isThatOfTheBuild() {
        assertThat(SoftwareVersion.read()).matches("\\d+\\.\\d+\\.\\d+.*");
    }
}
