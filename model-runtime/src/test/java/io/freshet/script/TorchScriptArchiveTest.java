package io.freshet.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TorchScriptArchiveTest {
    @TempDir
    Path folder;

    @Test
    void whatComputesOnlyIsLetThrough() throws IOException {
        Path archive = folder.resolve("network.pt");
        Graph g = new Graph("forward", ScriptModule::attribute);
        String method = g.result(g.op("torch.neg", g.input("x")));
        try (OutputStream out = Files.newOutputStream(archive)) {
            new ScriptModule(Map.of(), List.of(method)).writeTo(out);
        }
        assertThat(TorchScriptArchive.is(archive)).isTrue();
        assertThatCode(() -> TorchScriptArchive.requireConfined(archive)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "'    torch.save(x, \"f\")', .save",
        "'    torch . save  (x)', .save",
        "'    y = torch.from_file(\"f\", True)', .from_file",
        "'    ops.rpc.rpc_sync(x)', ops.rpc",
        "'    y = ops.mine.read(x)', ops.mine",
        "'    z : __torch__.torch.classes.mine.Reader', torch.classes",
    })
    void whatReachesBeyondTensorsIsRefusedByName(String line, String call) throws IOException {
        Path archive =
                archive("freshet/code/__torch__.py", "class M(Module):\n  def forward(self, x: Tensor):\n" + line);
        assertThatThrownBy(() -> TorchScriptArchive.requireConfined(archive))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("line 3 of its entry 'freshet/code/__torch__.py' uses '" + call + "'");
    }

    @Test
    void primitivesAreLetThrough() throws IOException {
        Path archive = archive("a/code/__torch__.py", "class M(Module):\n  y = ops.prim.NumToTensor(ops.aten.neg(3))");
        assertThatCode(() -> TorchScriptArchive.requireConfined(archive)).doesNotThrowAnyException();
    }

    @Test
    void otherFilesAreToldApart() throws IOException {
        Path tensors = archive("archive/data.pkl", "x");
        Path text = Files.writeString(folder.resolve("text"), "no zip");
        assertThat(TorchScriptArchive.is(tensors)).isFalse();
        assertThat(TorchScriptArchive.is(text)).isFalse();
        assertThatThrownBy(() -> TorchScriptArchive.requireConfined(tensors))
                .hasMessageContaining("holds no TorchScript");
        assertThatThrownBy(() -> TorchScriptArchive.requireConfined(text)).hasMessageContaining("is no zip archive");
    }

    private Path archive(String entry, String content) throws IOException {
        Path file = folder.resolve("archive.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry(entry));
            zip.write(content.getBytes(StandardCharsets.UTF_8));
        }
        return file;
    }
}
