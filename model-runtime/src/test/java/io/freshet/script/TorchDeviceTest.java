package io.freshet.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assumptions.assumeThat;

import org.junit.jupiter.api.Test;

class TorchDeviceTest {
    @Test
    void takesTheFirstGpuOrElseTheProcessors() {
        int gpus = TorchLibrary.load().getGpuCount();
        assertThat(TorchDevice.parse("auto")).isEqualTo(gpus > 0 ? new TorchDevice(0) : TorchDevice.CPU);
        assertThat(TorchDevice.parse("CPU")).isEqualTo(TorchDevice.CPU);
    }

    @Test
    void refusesAGpuThatIsNotThere() {
        assumeThat(TorchLibrary.load().getGpuCount()).isZero();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TorchDevice.parse("cuda:1"))
                .withMessageContaining("sees 0 GPUs")
                .withMessageContaining("docs/gpu.md");
    }

    @Test
    void refusesWhatIsNoDevice() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TorchDevice.requireName("gpu"))
                .withMessageContaining("'gpu' is no device: expected auto, cpu, cuda or cuda:N");
        assertThat(TorchDevice.requireName("CUDA:3")).isEqualTo("cuda:3");
    }

    @Test
    void keepsDjlOffTheNetwork() {
        TorchLibrary.load();
        assertThat(ai.djl.util.Utils.isOfflineMode()).isTrue();
    }
}
