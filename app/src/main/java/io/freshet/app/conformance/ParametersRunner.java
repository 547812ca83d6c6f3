package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.model.DenoiserNetwork;
import io.freshet.model.ModelPreset;
import io.freshet.model.ParameterCounts;
import io.freshet.model.Presets;
import io.freshet.script.TorchDevice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Names, order and shapes of a published model's parameters, and how many numbers they are. */
final class ParametersRunner implements FixtureRunner {
    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        JsonNode json = fixture.json();
        String name = json.path("model").asText();
        Optional<ModelPreset> preset = Presets.find(name);
        if (preset.isEmpty()) {
            checks.fail("model", 0, "there is no preset '" + name + "'");
            return;
        }
        DenoiserNetwork network = preset.get().config().network();
        checkShapes(json.path("parameters"), network.parameters(), checks);
        if (json.has("buffers")) {
            checks.equal("buffers", Map.of(), shapes(json.path("buffers")));
        }
        ParameterCounts counts = ParameterCounts.of(network);
        if (json.has("total")) {
            checks.equal("total", json.path("total").asLong(), counts.total());
        }
        if (json.has("trainable")) {
            checks.equal("trainable", json.path("trainable").asLong(), counts.trained());
        }
    }

    private static void checkShapes(JsonNode recorded, Map<String, long[]> parameters, Checks checks) {
        Map<String, List<Long>> expected = shapes(recorded);
        List<String> names = new ArrayList<>(expected.keySet());
        List<String> ours = new ArrayList<>(parameters.keySet());
        if (names.equals(names.stream().sorted().toList())) {
            ours.sort(null); // written with its keys sorted, the description has no order to tell
        }
        checks.equal("names in order", names, ours);
        expected.forEach((parameter, shape) -> {
            long[] actual = parameters.get(parameter);
            if (actual == null) {
                checks.fail("shape of " + parameter, 0, "the model has no such parameter");
            } else {
                checks.equal("shape of " + parameter, shape, boxed(actual));
            }
        });
    }

    private static Map<String, List<Long>> shapes(JsonNode recorded) {
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        recorded.fields().forEachRemaining(entry -> {
            List<Long> shape = new ArrayList<>();
            entry.getValue().forEach(size -> shape.add(size.asLong()));
            shapes.put(entry.getKey(), shape);
        });
        return shapes;
    }

    private static List<Long> boxed(long[] shape) {
        List<Long> boxed = new ArrayList<>();
        for (long size : shape) {
            boxed.add(size);
        }
        return boxed;
    }
}
