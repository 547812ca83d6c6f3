package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.script.TorchDevice;
import io.freshet.weights.Tensor;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Names, order and shapes of a network's parameters, and the bytes that the recipe generates for each. */
final class RecipeParametersRunner implements FixtureRunner {
    private final Function<JsonNode, Map<String, long[]>> parameters;

    /**
     * A runner for one network.
     *
     * @param parameters shapes by name for the arguments of the constructor
     */
    RecipeParametersRunner(Function<JsonNode, Map<String, long[]>> parameters) {
        this.parameters = parameters;
    }

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) throws NoSuchAlgorithmException {
        Map<String, long[]> ours = parameters.apply(fixture.constructor());
        JsonNode theirs = fixture.json().path("tensors");
        checkOrder(theirs, ours, checks);
        RecipeWeights recipe = RecipeWeights.of(fixture.json());
        long total = 0;
        for (Map.Entry<String, JsonNode> entry : theirs.properties()) {
            String name = entry.getKey();
            long[] shape = ours.get(name);
            if (shape == null) {
                checks.fail(name, 0, "our network has no such parameter");
                continue;
            }
            Tensor tensor = recipe.tensor(name, shape);
            total += tensor.numel();
            checks.equal(name + ", shape", longs(entry.getValue().path("shape")), tensor.shape());
            String sha256 = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes(tensor)));
            checks.equal(
                    name + ", sha256", entry.getValue().path("sha256_f32le").asText(), sha256);
        }
        checks.equal("total", fixture.json().path("total").asLong(), total);
    }

    private static void checkOrder(JsonNode theirs, Map<String, long[]> ours, Checks checks) {
        List<String> expected = new ArrayList<>();
        theirs.fieldNames().forEachRemaining(expected::add);
        List<String> actual = List.copyOf(ours.keySet());
        int at = 0;
        while (at < expected.size() && at < actual.size() && expected.get(at).equals(actual.get(at))) {
            at++;
        }
        if (at == expected.size() && at == actual.size()) {
            checks.equal("names in order", expected.size(), actual.size());
        } else {
            checks.fail(
                    "names in order",
                    0,
                    "parameter " + at + " is " + name(actual, at) + ", expected " + name(expected, at));
        }
    }

    private static String name(List<String> names, int at) {
        return at < names.size() ? "'" + names.get(at) + "'" : "none";
    }

    private static List<Long> longs(JsonNode array) {
        List<Long> values = new ArrayList<>();
        array.forEach(value -> values.add(value.asLong()));
        return values;
    }

    private static byte[] bytes(Tensor tensor) {
        byte[] bytes = new byte[tensor.data().remaining()];
        tensor.data().get(bytes);
        return bytes;
    }
}
