package io.freshet.app.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultTest {
    @Test
    void aRunBeginsWithOneOfEachSort() {
        List<Fault> all = Fault.USUAL;
        assertThat(Fault.bag(all, true)).containsExactlyElementsOf(all);
        assertThat(Fault.bag(all, false))
                .containsOnlyElementsOf(all)
                .filteredOn(fault -> fault == Fault.TASK_MANAGER_KILLED)
                .hasSize(3);
    }

    @Test
    void isFoundByTheNameThatTheCommandLineHasForIt() {
        for (Fault fault : Fault.values()) {
            assertThat(Fault.fromOptionName(fault.optionName())).isEqualTo(fault);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.fromOptionName("flood"))
                .withMessage("'flood' is no fault: expected some of " + Fault.optionNames());
    }

    @Test
    void damageChangesOneBitOfEachFile(@TempDir Path directory) throws Exception {
        byte[] before = {1, 2, 3, 4};
        Path one = Files.write(directory.resolve("one"), before);
        Path other = Files.write(directory.resolve("other"), before);
        FaultInjector.damage(directory, new SplittableRandom(1));
        for (Path file : List.of(one, other)) {
            byte[] after = Files.readAllBytes(file);
            int changed = 0;
            for (int i = 0; i < before.length; i++) {
                changed += Integer.bitCount((before[i] ^ after[i]) & 0xff);
            }
            assertThat(changed).as("bits of %s that changed", file).isEqualTo(1);
        }
    }
}
