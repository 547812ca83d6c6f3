package io.freshet.app.conformance;

import io.freshet.image.RgbImage;
import io.freshet.model.inception.InceptionParameters;
import io.freshet.model.inception.InceptionV3;
import io.freshet.model.inception.InceptionV3.Activations;
import io.freshet.script.TorchDevice;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** FID's Inception: prepared images, block averages, features and logits of one image after the other, then of a batch. */
final class InceptionRunner implements FixtureRunner {
    private static final double TOLERANCE = 1e-5;
    private static final String IMAGE = "input.image_";

    /** Of the prepared image, the rows that fixtures hold. */
    private static final int[] ROWS = {0, 1, 149, 297, 298};

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) throws IOException {
        Map<String, Tensor> weights = fixture.below("weights.");
        if (weights.isEmpty()) {
            weights = RecipeWeights.of(fixture.json()).tensors(InceptionParameters.all());
        }
        checkParameters(fixture, checks);
        try (InceptionV3 network = InceptionV3.of(weights, device)) {
            Map<String, RgbImage> images = new LinkedHashMap<>();
            fixture.below(IMAGE).forEach((number, pixels) -> images.put(number, image(IMAGE + number, pixels)));
            images.forEach((number, image) -> {
                checkActivations(fixture, number, network.activations(List.of(image)), checks);
                checkRows(fixture, number, network.prepare(List.of(image)), checks);
            });
            checkBatches(fixture, images, network, checks);
        }
    }

    /** The network's parameters; counters of batches are not among ours. */
    private static void checkParameters(Fixture fixture, Checks checks) {
        Map<String, List<Long>> expected = new TreeMap<>();
        fixture.json().path("parameters").properties().forEach(entry -> {
            List<Long> shape = new ArrayList<>();
            entry.getValue().forEach(size -> shape.add(size.asLong()));
            expected.put(entry.getKey(), shape);
        });
        expected.keySet().removeIf(name -> name.endsWith(".num_batches_tracked"));
        Map<String, List<Long>> actual = new TreeMap<>();
        InceptionParameters.all()
                .forEach((name, shape) ->
                        actual.put(name, Arrays.stream(shape).boxed().toList()));
        if (!expected.isEmpty()) {
            Set<Map.Entry<String, List<Long>>> different = new LinkedHashSet<>(expected.entrySet());
            different.removeAll(actual.entrySet());
            checks.equal("parameters that we have not", Set.of(), different);
            different = new LinkedHashSet<>(actual.entrySet());
            different.removeAll(expected.entrySet());
            checks.equal("parameters that only we have", Set.of(), different);
        }
    }

    /** The same features from batches, of images of the same size each. */
    private static void checkBatches(
            Fixture fixture, Map<String, RgbImage> images, InceptionV3 network, Checks checks) {
        Map<String, List<String>> bySize = new LinkedHashMap<>();
        images.forEach((number, image) -> bySize.computeIfAbsent(
                        image.width() + "x" + image.height(), size -> new ArrayList<>())
                .add(number));
        for (List<String> numbers : bySize.values()) {
            List<RgbImage> batch = numbers.stream().map(images::get).toList();
            FloatBuffer features = network.features(batch).data().asFloatBuffer();
            for (String number : numbers) {
                float[] row = new float[network.dimensions()];
                features.get(row);
                check(fixture, "features_" + number, "features_" + number + ", in a batch", row, checks);
            }
        }
    }

    private static RgbImage image(String name, Tensor pixels) {
        List<Long> shape = pixels.shape();
        if (pixels.dtype() != DType.U8 || shape.size() != 3 || shape.get(2) != 3) {
            throw new IllegalArgumentException("'" + name + "' is " + pixels + ", expected U8[height, width, 3]");
        }
        byte[] bytes = new byte[pixels.data().remaining()];
        pixels.data().get(bytes);
        return new RgbImage(shape.get(1).intValue(), shape.get(0).intValue(), bytes);
    }

    private static void checkActivations(Fixture fixture, String number, Activations activations, Checks checks) {
        check(fixture, "block0_gap_" + number, activations.block0(), checks);
        check(fixture, "block1_gap_" + number, activations.block1(), checks);
        check(fixture, "block2_gap_" + number, activations.block2(), checks);
        check(fixture, "features_" + number, activations.features(), checks);
        check(fixture, "logits_nobias_" + number, activations.logitsWithoutBias(), checks);
        check(fixture, "logits_" + number, activations.logits(), checks);
    }

    private static void check(Fixture fixture, String name, Tensor actual, Checks checks) {
        check(fixture, name, name, actual.floats(), checks);
    }

    private static void check(Fixture fixture, String name, String check, float[] actual, Checks checks) {
        if (fixture.has("expected." + name)) {
            checks.close(check, fixture.tensor("expected." + name), Tensor.of(actual, actual.length), TOLERANCE);
        }
    }

    /** Some rows of the prepared image, [3, rows, 299]. */
    private static void checkRows(Fixture fixture, String number, Tensor prepared, Checks checks) {
        String name = "resized_rows_" + number;
        if (fixture.has("expected." + name)) {
            int side = prepared.shape().get(3).intValue();
            float[] all = prepared.floats();
            float[] rows = new float[3 * ROWS.length * side];
            for (int i = 0; i < 3 * ROWS.length; i++) {
                int from = (i / ROWS.length * side + ROWS[i % ROWS.length]) * side;
                System.arraycopy(all, from, rows, i * side, side);
            }
            checks.close(name, fixture.tensor("expected." + name), Tensor.of(rows, 3, ROWS.length, side), TOLERANCE);
        }
    }
}
