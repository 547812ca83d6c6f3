package io.freshet.app.conformance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.script.TorchDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * All fixtures below a folder. A description is any {@code .json} file; tensors lie beside it in a safetensors file of the same
 * name. What no runner takes, and what cannot be read, is a failed check.
 */
public final class Conformance {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SIDECAR = ".json";
    private static final String TENSORS = ".safetensors";

    private final Path folder;
    private final TorchDevice device;

    /**
     * A run over a folder.
     *
     * @param device where networks run
     */
    public Conformance(Path folder, TorchDevice device) {
        this.folder = folder;
        this.device = device;
    }

    /**
     * The fixtures' names, in order.
     *
     * @throws IOException if the folder cannot be read
     */
    public List<String> fixtures() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString().replace('\\', '/'))
                    .filter(name -> name.endsWith(SIDECAR) || name.endsWith(TENSORS))
                    .map(name -> name.substring(0, name.lastIndexOf('.')))
                    .distinct()
                    .sorted()
                    .toList();
        }
    }

    /** Runs one fixture. */
    public List<Check> run(String name) {
        List<Check> found = new ArrayList<>();
        Consumer<Check> sink = found::add;
        Checks checks = new Checks(name, sink);
        try {
            run(name, checks);
        } catch (Exception e) {
            checks.fail("run", 0, e.getClass().getSimpleName() + ": " + e.getMessage());
        }
        if (found.isEmpty()) {
            checks.fail("run", 0, "nothing was compared");
        }
        return found;
    }

    private void run(String name, Checks checks) throws Exception {
        Path sidecar = folder.resolve(name + SIDECAR);
        if (!Files.exists(sidecar)) {
            checks.fail("sidecar", 0, "there is no " + name + SIDECAR + " to tell what the tensors are");
            return;
        }
        JsonNode json;
        try {
            json = JSON.readTree(sidecar.toFile());
        } catch (JsonProcessingException e) {
            checks.fail("sidecar", 0, "not JSON: " + e.getOriginalMessage());
            return;
        }
        String kind = FixtureRunners.kind(json);
        FixtureRunner runner = FixtureRunners.of(kind);
        if (runner == null) {
            checks.fail("runner", 0, "there is no runner for fixtures of kind '" + kind + "'");
            return;
        }
        runner.run(Fixture.open(name, json, sidecar), device, checks);
    }
}
