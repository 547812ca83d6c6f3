package io.freshet.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a trainer says of the weights that it publishes. The JSON objects are copied on the way in, and not to be changed.
 *
 * @param model name of the training run: 1 to 128 letters, digits, '.', '_' or '-', the first a letter or digit
 * @param step optimizer steps taken
 * @param architecture name of the network's architecture, such as "u-dit"
 * @param config the architecture's configuration, read by whoever knows it
 * @param classNames names of the classes by label; none for what has no labels, such as an autoencoder
 * @param imageShape what the network denoises
 * @param training anything worth knowing of the training: losses, durations, data set; does not belong to the identity of the
 *     weights
 */
public record CheckpointDescription(
        String model,
        long step,
        String architecture,
        ObjectNode config,
        List<String> classNames,
        ImageShape imageShape,
        ObjectNode training) {
    private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    public CheckpointDescription {
        config = config.deepCopy();
        classNames = List.copyOf(classNames);
        training = training.deepCopy();
        if (!MODEL.matcher(model).matches()) {
            throw new IllegalArgumentException("Model name '" + model
                    + "': expected 1 to 128 letters, digits, '.', '_' or '-', the first a letter or digit");
        }
        if (step < 0) {
            throw new IllegalArgumentException("Checkpoint step " + step + " is negative");
        }
        if (architecture.isBlank()) {
            throw new IllegalArgumentException("The architecture's name is blank: expected one such as 'u-dit'");
        }
    }

    /**
     * Size of what a network denoises.
     *
     * @param channels C
     * @param height H
     * @param width W
     */
    public record ImageShape(int channels, int height, int width) {
        public ImageShape {
            if (channels < 1 || height < 1 || width < 1) {
                throw new IllegalArgumentException(
                        "Image shape [" + channels + ", " + height + ", " + width + "]: expected positive sizes");
            }
        }
    }
}
