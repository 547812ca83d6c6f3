package io.freshet.image;

/**
 * An eight-bit RGB image.
 *
 * @param width pixels
 * @param height pixels
 * @param pixels [H, W, 3] row-major, each byte unsigned; not copied
 */
public record RgbImage(int width, int height, byte[] pixels) {
    public RgbImage {
        if (width < 1 || height < 1 || pixels.length != (long) width * height * 3) {
            throw new IllegalArgumentException("An RGB image of " + width + "x" + height + " needs "
                    + (long) width * height * 3 + " bytes, not " + pixels.length);
        }
    }

    /**
     * The image of a model's sample: clamp(127.5 x + 128, 0, 255), truncated as the original code does rather than
     * rounded. NaN becomes 0.
     *
     * @param width W
     * @param height H
     * @param sample [3, H, W] row-major, nominally in [-1, 1]
     */
    public static RgbImage fromSample(int width, int height, float[] sample) {
        int area = Math.multiplyExact(width, height);
        if (sample.length != 3L * area) {
            throw new IllegalArgumentException("A sample of " + width + "x" + height + " pixels needs [3, H, W] = "
                    + 3L * area + " values, not " + sample.length);
        }
        byte[] pixels = new byte[3 * area];
        for (int channel = 0; channel < 3; channel++) {
            for (int i = 0; i < area; i++) {
                float level = 127.5f * sample[channel * area + i] + 128f;
                pixels[3 * i + channel] = (byte) (int) Math.min(Math.max(level, 0f), 255f);
            }
        }
        return new RgbImage(width, height, pixels);
    }

    /**
     * The image as a model sees it: (p / 255 - 0.5) / 0.5, rounded in this order as in the original, [3, H, W] row-major;
     * {@link #fromSample} gives the same image back.
     */
    public float[] toSample() {
        float[] sample = new float[pixels.length];
        writeSample(sample, 0);
        return sample;
    }

    /** Writes {@link #toSample} into a larger array, such as a batch, from an offset on. */
    public void writeSample(float[] out, int offset) {
        int area = width * height;
        for (int channel = 0; channel < 3; channel++) {
            for (int i = 0; i < area; i++) {
                out[offset + channel * area + i] = ((pixels[3 * i + channel] & 0xFF) / 255f - 0.5f) / 0.5f;
            }
        }
    }
}
