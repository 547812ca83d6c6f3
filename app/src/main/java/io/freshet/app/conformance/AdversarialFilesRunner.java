package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.script.TorchDevice;
import io.freshet.weights.torchfile.TorchFile;
import io.freshet.weights.torchfile.TorchFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Files that must be refused, by name, among others that must be read. */
final class AdversarialFilesRunner implements FixtureRunner {
    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        JsonNode files = fixture.json().path("files");
        for (Map.Entry<String, JsonNode> entry : files.properties()) {
            String name = entry.getKey();
            if (TorchFiles.isNamedSo(name)) {
                Path file = fixture.path().resolveSibling(name);
                if (!Files.isRegularFile(file)) {
                    checks.fail(name, 0, "there is no such file");
                } else if (name.startsWith("malicious_") || name.startsWith("bad_")) {
                    checkRefused(name, file, checks);
                } else {
                    checkRead(name, file, checks);
                }
            }
        }
    }

    private static void checkRefused(String name, Path file, Checks checks) {
        try {
            read(file);
            checks.fail(name + " is refused", 0, "it was read");
        } catch (TorchFileException e) {
            checks.measured(name + " is refused", 0, 0);
        } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
            checks.fail(name + " is refused", 0, "not with a clear reason: " + e);
        }
    }

    private static void checkRead(String name, Path file, Checks checks) {
        try {
            read(file);
            checks.measured(name + " is read", 0, 0);
        } catch (IOException | RuntimeException e) {
            checks.fail(name + " is read", 0, String.valueOf(e));
        }
    }

    private static void read(Path file) throws IOException {
        try (TorchFile torch = TorchFile.open(file)) {
            Object root = torch.root();
            if (root != null) {
                TorchFiles.readAll(root);
            }
        }
    }
}
