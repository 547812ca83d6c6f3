package io.freshet.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DeviceLeasesTest {
    @Test
    void giveEachEngineTheGpuThatTheFewestHave() {
        DeviceLeases leases = new DeviceLeases(() -> 3);
        List<DeviceLease> taken =
                IntStream.range(0, 6).mapToObj(i -> leases.take("auto")).toList();
        assertThat(taken)
                .extracting(lease -> lease.device().toString())
                .containsExactly("cuda:0", "cuda:1", "cuda:2", "cuda:0", "cuda:1", "cuda:2");

        taken.get(1).close();
        taken.get(1).close();
        taken.get(4).close();
        assertThat(leases.take("cuda").device().gpu())
                .as("the one that was given back twice over, but counted once each")
                .isEqualTo(1);
        assertThat(leases.take("CUDA").device().gpu()).isEqualTo(1);
        assertThat(leases.take("cuda").device().gpu()).as("all even again").isZero();
    }

    @Test
    void giveEnginesThatStartAtOnceDifferentGpus() {
        DeviceLeases leases = new DeviceLeases(() -> 8);
        Set<Integer> given = ConcurrentHashMap.newKeySet();
        IntStream.range(0, 8)
                .parallel()
                .forEach(i -> given.add(leases.take("auto").device().gpu()));
        assertThat(given).hasSize(8);
    }

    @Test
    void areOfTheCpuWhereThereIsNoGpuOrItIsNamed() {
        assertThat(new DeviceLeases(() -> 0).take("auto").device()).isEqualTo(TorchDevice.CPU);
        assertThat(new DeviceLeases(() -> 2).take("cpu").device()).isEqualTo(TorchDevice.CPU);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DeviceLeases(() -> 2).take("gpu"))
                .withMessageContaining("'gpu' is no device");
    }
}
