package io.freshet.image;

/**
 * The square middle of a photograph in the size that a model is trained on: halved while it is at least twice as large, then
 * reduced so that the shorter side fits, then cut. The preparation that ADM (Dhariwal and Nichol 2021), DiT and U-DiT share; the
 * same bytes as theirs.
 */
public final class CenterCrop {
    private CenterCrop() {}

    /**
     * Crops an image; one smaller than the square is enlarged.
     *
     * @param size side of the square in pixels, at least 1
     * @throws IllegalArgumentException if it is less, or the image so long and thin that it cannot be enlarged
     */
    public static RgbImage of(RgbImage image, int size) {
        if (size < 1) {
            throw new IllegalArgumentException("A crop of " + size + "x" + size + " pixels: expected at least 1x1");
        }
        RgbImage scaled = image;
        while (shorter(scaled) >= 2 * (long) size) {
            scaled = Resampling.BOX.resize(scaled, scaled.width() / 2, scaled.height() / 2);
        }
        double scale = size / (double) shorter(scaled);
        scaled = Resampling.BICUBIC.resize(scaled, rounded(scaled.width() * scale), rounded(scaled.height() * scale));
        return cut(scaled, (scaled.width() - size) / 2, (scaled.height() - size) / 2, size);
    }

    private static int shorter(RgbImage image) {
        return Math.min(image.width(), image.height());
    }

    /** Halves go to the even neighbour, as in Python. */
    private static int rounded(double value) {
        return (int) Math.rint(value);
    }

    private static RgbImage cut(RgbImage image, int left, int top, int size) {
        byte[] pixels = new byte[3 * size * size];
        for (int y = 0; y < size; y++) {
            System.arraycopy(image.pixels(), 3 * ((top + y) * image.width() + left), pixels, 3 * y * size, 3 * size);
        }
        return new RgbImage(size, size, pixels);
    }
}
