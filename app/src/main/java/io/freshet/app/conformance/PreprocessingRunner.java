package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.image.CenterCrop;
import io.freshet.image.RgbImage;
import io.freshet.script.TorchDevice;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** From photographs to what a model is trained on, and from its samples to images: the same bytes. */
final class PreprocessingRunner implements FixtureRunner {
    private static final int CHANNELS = 3;

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) {
        for (Map.Entry<String, JsonNode> entry : fixture.json().path("cases").properties()) {
            checkCrop(
                    fixture, entry.getKey(), entry.getValue().path("image_size").asInt(), checks);
        }
        if (fixture.has("post.input.decoded")) {
            checkImages(fixture, checks);
        }
    }

    /** A case is called {@code image_k}, and what is expected {@code crop_k} and {@code normalized_k}. */
    private static void checkCrop(Fixture fixture, String name, int size, Checks checks) {
        String number = name.substring(name.lastIndexOf('_') + 1);
        Tensor input = fixture.tensor("input." + name);
        byte[] pixels = new byte[Math.toIntExact(input.numel())];
        input.data().get(pixels);
        RgbImage crop = CenterCrop.of(
                new RgbImage(
                        input.shape().get(1).intValue(), input.shape().get(0).intValue(), pixels),
                size);
        if (fixture.has("expected.crop_" + number)) {
            checkBytes(name + " cropped", fixture.tensor("expected.crop_" + number), crop.pixels(), checks);
        }
        if (fixture.has("expected.normalized_" + number)) {
            checks.identical(
                    name + " normalised",
                    fixture.tensor("expected.normalized_" + number),
                    Tensor.of(crop.toSample(), CHANNELS, crop.height(), crop.width()));
        }
    }

    private static void checkImages(Fixture fixture, Checks checks) {
        Tensor decoded = fixture.tensor("post.input.decoded");
        int height = decoded.shape().get(2).intValue();
        int width = decoded.shape().get(3).intValue();
        List<byte[]> images = new ArrayList<>();
        for (float[] sample : Rows.of(decoded)) {
            images.add(RgbImage.fromSample(width, height, sample).pixels());
        }
        byte[] joined = new byte[Math.toIntExact(decoded.numel())];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(images.get(i), 0, joined, i * images.get(i).length, images.get(i).length);
        }
        checkBytes("samples as images", fixture.tensor("post.expected.uint8_nhwc"), joined, checks);
    }

    private static void checkBytes(String check, Tensor expected, byte[] actual, Checks checks) {
        byte[] bytes = new byte[Math.toIntExact(expected.numel())];
        expected.data().get(bytes);
        int first = Arrays.mismatch(bytes, actual);
        if (first < 0) {
            checks.measured(check, 0, 0);
        } else {
            checks.fail(check, 0, "other bytes than expected, the first at " + first + " of " + bytes.length);
        }
    }
}
