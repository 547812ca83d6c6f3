package io.freshet.evaluation;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Count, mean and covariance of feature vectors, in a form that merges by addition: n, Σ(x − c) and Σ(x − c)(x − c)ᵀ in
 * float64 about a fixed centre c. With c near the mean (the reference's), nothing cancels where raw sums would lose every digit.
 *
 * <p>A commutative monoid under {@link #mergeWith} for each centre, up to rounding: merging in one fixed order gives the same
 * bits every time. Samples are never taken out again; a window is a merge of panes ({@link PaneWindow}). Not thread-safe.
 */
public final class Moments {
    private static final int MAGIC = 0x46724D6F; // "FrMo"
    private static final byte VERSION = 1;
    private static final int MAX_DIMENSIONS = 8192;

    private final double[] centre; // [d], shared and never written
    private final double[] sum; // [d]
    private final double[] scatter; // [d (d + 1) / 2], upper triangle by rows
    private final double[] offset; // [d], scratch of add
    private long count;

    /**
     * Moments of no samples.
     *
     * @param centre c, [d]; a point near the samples, the same for all moments that are to be merged
     */
    public Moments(double[] centre) {
        this(centre.clone(), 0, new double[centre.length], new double[triangle(centre.length)]);
    }

    private Moments(double[] centre, long count, double[] sum, double[] scatter) {
        requireDimensions(centre.length);
        requireFinite(centre, "centre");
        this.centre = centre;
        this.count = count;
        this.sum = sum;
        this.scatter = scatter;
        this.offset = new double[centre.length];
    }

    /** d. */
    public int dimensions() {
        return centre.length;
    }

    /** A copy of c, [d]. */
    public double[] centre() {
        return centre.clone();
    }

    /** n. */
    public long count() {
        return count;
    }

    /**
     * Takes one sample in.
     *
     * @param features [d], finite
     */
    public void add(float[] features) {
        if (features.length != centre.length) {
            throw new IllegalArgumentException("A feature vector has " + features.length + " values: expected "
                    + centre.length + ", as in the samples before it");
        }
        for (int i = 0; i < features.length; i++) {
            if (!Float.isFinite(features[i])) {
                throw new IllegalArgumentException("Feature " + i + " is " + features[i]
                        + ": expected a finite number; leave broken images out before measuring");
            }
        }
        for (int i = 0; i < features.length; i++) {
            offset[i] = features[i] - centre[i];
            sum[i] += offset[i];
        }
        int k = 0;
        for (int i = 0; i < offset.length; i++) {
            double left = offset[i];
            for (int j = i; j < offset.length; j++) {
                scatter[k++] += left * offset[j];
            }
        }
        count++;
    }

    /** Takes in all samples of another, which stays as it is. */
    public void mergeWith(Moments other) {
        if (!Arrays.equals(centre, other.centre)) {
            throw new IllegalArgumentException("Moments about different centres cannot be merged ("
                    + centre.length + " and " + other.centre.length
                    + " dimensions): measure both against the same reference statistics");
        }
        addInto(sum, other.sum);
        addInto(scatter, other.scatter);
        count += other.count;
    }

    private static void addInto(double[] target, double[] values) {
        for (int i = 0; i < target.length; i++) {
            target[i] += values[i];
        }
    }

    /** An independent copy. */
    public Moments copyOf() {
        return new Moments(centre, count, sum.clone(), scatter.clone());
    }

    /**
     * The mean, [d].
     *
     * @throws IllegalStateException if there are no samples
     */
    public double[] mean() {
        requireSamples(1, "mean");
        double[] mean = new double[centre.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = centre[i] + sum[i] / count;
        }
        return mean;
    }

    /**
     * The unbiased covariance (divided by n − 1), [d, d] row-major.
     *
     * @throws IllegalStateException if there are fewer than two samples
     */
    public double[] covariance() {
        requireSamples(2, "covariance");
        int d = centre.length;
        double[] covariance = new double[d * d];
        int k = 0;
        for (int i = 0; i < d; i++) {
            for (int j = i; j < d; j++) {
                double value = (scatter[k++] - sum[i] * (sum[j] / count)) / (count - 1);
                covariance[i * d + j] = value;
                covariance[j * d + i] = value;
            }
        }
        return covariance;
    }

    private void requireSamples(int needed, String what) {
        if (count < needed) {
            throw new IllegalStateException(
                    "A " + what + " needs at least " + needed + " samples, but only " + count + " were added");
        }
    }

    /** Version, d, n, c, both sums, and a checksum; big-endian. About 4 d² bytes. */
    public byte[] toBytes() {
        int d = centre.length;
        ByteBuffer out = ByteBuffer.allocate(4 + 1 + 4 + 8 + 8 * (2 * d + scatter.length) + 4);
        out.putInt(MAGIC).put(VERSION).putInt(d).putLong(count);
        for (double[] values : new double[][] {centre, sum, scatter}) {
            out.asDoubleBuffer().put(values);
            out.position(out.position() + 8 * values.length);
        }
        return out.putInt(checksum(out.array(), out.position())).array();
    }

    /**
     * Reads what {@link #toBytes} wrote.
     *
     * @throws IllegalArgumentException if the bytes are of another version, cut short or damaged
     */
    public static Moments fromBytes(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            if (in.getInt() != MAGIC) {
                throw new IllegalArgumentException("These " + bytes.length + " bytes are not moments");
            }
            byte version = in.get();
            if (version != VERSION) {
                throw new IllegalArgumentException("Moments are of version " + version + ": this release reads version "
                        + VERSION + "; read them with the release that wrote them");
            }
            int d = in.getInt();
            requireDimensions(d);
            long count = in.getLong();
            long expected = in.position() + 8L * (2 * d + triangle(d)) + 4;
            if (bytes.length != expected) {
                throw new IllegalArgumentException("Moments of " + d + " dimensions take " + expected + " bytes, not "
                        + bytes.length + ": they are cut short or damaged");
            }
            if (in.getInt(bytes.length - 4) != checksum(bytes, bytes.length - 4)) {
                throw new IllegalArgumentException("Moments are damaged: the checksum does not match");
            }
            return new Moments(doubles(in, d), count, doubles(in, d), doubles(in, triangle(d)));
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("Moments are cut short after " + bytes.length + " bytes", e);
        }
    }

    private static double[] doubles(ByteBuffer in, int length) {
        double[] values = new double[length];
        in.asDoubleBuffer().get(values);
        in.position(in.position() + 8 * length);
        return values;
    }

    static int checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    private static int triangle(int d) {
        return d * (d + 1) / 2;
    }

    private static void requireDimensions(int d) {
        if (d < 1 || d > MAX_DIMENSIONS) {
            throw new IllegalArgumentException("Moments of " + d + " dimensions: expected 1 to " + MAX_DIMENSIONS);
        }
    }

    private static void requireFinite(double[] values, String what) {
        for (double value : values) {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException("The " + what + " of moments holds " + value);
            }
        }
    }
}
