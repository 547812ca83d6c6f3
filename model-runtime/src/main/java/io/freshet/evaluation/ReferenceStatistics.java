package io.freshet.evaluation;

import io.freshet.weights.SafeTensors;
import io.freshet.weights.SafeTensorsException;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What generated samples are compared with: the distribution of a real data set under one feature extractor. Immutable and
 * thread-safe.
 *
 * @param name of the data, such as {@code shapes-heldout-10k}
 * @param extractor name of the feature extractor that made it
 * @param extractorSha256 its hash; distances against another extractor's features mean nothing
 * @param samples images behind it, at least 2
 * @param gaussian mean and covariance of their features
 */
public record ReferenceStatistics(
        String name, String extractor, String extractorSha256, long samples, Gaussian gaussian) {
    private static final String FORMAT = "freshet-reference-1";
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    public ReferenceStatistics {
        if (name.isBlank() || extractor.isBlank()) {
            throw new IllegalArgumentException(
                    "Reference statistics need a name and an extractor, not '" + name + "' and '" + extractor + "'");
        }
        if (!SHA256.matcher(extractorSha256).matches()) {
            throw new IllegalArgumentException("Extractor hash '" + extractorSha256
                    + "' is not a SHA-256: expected 64 lower-case hexadecimal digits");
        }
        if (samples < 2) {
            throw new IllegalArgumentException("Reference statistics of " + samples + " samples: expected at least 2");
        }
    }

    /** Statistics of features gathered with an extractor. */
    public static ReferenceStatistics of(String name, FeatureExtractor extractor, Moments moments) {
        return new ReferenceStatistics(
                name, extractor.name(), extractor.sha256(), moments.count(), Gaussian.of(moments));
    }

    /** Length of a feature vector. */
    public int dimensions() {
        return gaussian.dimensions();
    }

    /** Moments of no samples about the mean of these, ready to be measured against them. */
    public Moments newMoments() {
        return new Moments(gaussian.mean());
    }

    /**
     * The squared Fréchet distance of samples to the reference.
     *
     * @param moments of features made by the same extractor (see {@link #requireExtractor}), at least 2 samples
     */
    public double squaredFrechetDistance(Moments moments) {
        return gaussian.squaredFrechetDistance(Gaussian.of(moments));
    }

    /**
     * What a perfect model would be expected to score with that many samples: {@link Gaussian#biasFloor} of the samples plus
     * that of the reference's own, for both stray independently.
     */
    public double biasFloor(long modelSamples) {
        return gaussian.biasFloor(modelSamples) + gaussian.biasFloor(samples);
    }

    /**
     * Checks that features of this extractor may be compared with the reference.
     *
     * @throws IllegalArgumentException naming both sides if it is another extractor or the same with other weights
     */
    public void requireExtractor(FeatureExtractor candidate) {
        if (!extractor.equals(candidate.name())
                || !extractorSha256.equals(candidate.sha256())
                || dimensions() != candidate.dimensions()) {
            throw new IllegalArgumentException("Reference statistics '" + name + "' were made with "
                    + describe(extractor, extractorSha256, dimensions()) + " and cannot judge features of "
                    + describe(candidate.name(), candidate.sha256(), candidate.dimensions())
                    + ": use that extractor, or compute the reference again with this one");
        }
    }

    private static String describe(String name, String sha256, int dimensions) {
        return name + " (sha256 " + sha256.substring(0, 12) + ", " + dimensions + " features)";
    }

    /** Writes a safetensors file: tensors {@code mean} [d] and {@code covariance} [d, d] in float64, the rest as metadata. */
    public void save(Path file) throws IOException {
        int d = dimensions();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("mean", Tensor.of(gaussian.mean(), d));
        tensors.put("covariance", Tensor.of(gaussian.covariance(), d, d));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", FORMAT);
        metadata.put("name", name);
        metadata.put("extractor", extractor);
        metadata.put("extractor_sha256", extractorSha256);
        metadata.put("samples", Long.toString(samples));
        new SafeTensors(metadata, tensors).write(file);
    }

    /**
     * Reads a file written by {@link #save}.
     *
     * @throws IOException if it is missing or is no such file
     */
    public static ReferenceStatistics load(Path file) throws IOException {
        return from(file.toString(), SafeTensors.read(file));
    }

    /**
     * Reads from memory what {@link #save} wrote.
     *
     * @param source what to call it in errors
     * @throws IOException if it is no such file
     */
    public static ReferenceStatistics parse(String source, ByteBuffer file) throws IOException {
        return from(source, SafeTensors.parse(source, file));
    }

    private static ReferenceStatistics from(String source, SafeTensors file) throws SafeTensorsException {
        String format = require(source, "metadata 'format'", file.metadata().get("format"));
        if (!format.equals(FORMAT)) {
            throw new SafeTensorsException(
                    source + " is of format '" + format + "': expected '" + FORMAT + "', reference statistics");
        }
        Tensor mean = require(source, "tensor 'mean'", file.tensors().get("mean"));
        Tensor covariance =
                require(source, "tensor 'covariance'", file.tensors().get("covariance"));
        try {
            return new ReferenceStatistics(
                    require(source, "metadata 'name'", file.metadata().get("name")),
                    require(source, "metadata 'extractor'", file.metadata().get("extractor")),
                    require(
                            source,
                            "metadata 'extractor_sha256'",
                            file.metadata().get("extractor_sha256")),
                    Long.parseLong(require(
                            source, "metadata 'samples'", file.metadata().get("samples"))),
                    new Gaussian(mean.doubles(), covariance.doubles()));
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new SafeTensorsException(source + " holds no usable reference statistics: " + e.getMessage(), e);
        }
    }

    private static <T> T require(String source, String what, @Nullable T value) throws SafeTensorsException {
        if (value == null) {
            throw new SafeTensorsException(source + " has no " + what + ": it is not a file of reference statistics");
        }
        return value;
    }
}
