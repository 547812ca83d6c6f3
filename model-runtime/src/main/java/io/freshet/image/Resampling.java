package io.freshet.image;

/**
 * Resampling as Pillow does it, bit for bit: a filter as wide as the reduction, its weights rounded to 22 binary places, first
 * along rows and then along columns, each pass rounded to eight bits.
 */
public enum Resampling {
    /** The mean of the pixels that an output pixel covers. */
    BOX(0.5) {
        @Override
        double weight(double distance) {
            return distance > -0.5 && distance <= 0.5 ? 1 : 0;
        }
    },
    /** Cubic convolution (Keys 1981) with a = −0.5. */
    BICUBIC(2) {
        @Override
        double weight(double distance) {
            double x = Math.abs(distance);
            if (x < 1) {
                return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1;
            }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * CUBIC : 0;
        }
    };

    private static final double CUBIC = -0.5;
    private static final int CHANNELS = 3;
    private static final int PRECISION = 22;
    private static final int HALF = 1 << (PRECISION - 1);

    private final double support;

    Resampling(double support) {
        this.support = support;
    }

    /** The filter at a distance in pixels, of the output where the image shrinks. */
    abstract double weight(double distance);

    /**
     * The image in another size.
     *
     * @param width pixels, at least 1
     * @param height pixels, at least 1
     * @return a new image, or the same where the size is
     * @throws IllegalArgumentException if the image would have no pixels, or more than an array holds
     */
    public RgbImage resize(RgbImage image, int width, int height) {
        if (width < 1 || height < 1 || width > mostPixels(image.height()) || width > mostPixels(height)) {
            throw new IllegalArgumentException("An image of " + image.width() + "x" + image.height()
                    + " cannot be resized to " + width + "x" + height + ": expected at least one pixel each way and at"
                    + " most " + Integer.MAX_VALUE / CHANNELS + " in all");
        }
        RgbImage wide = width == image.width() ? image : resizeRows(image, width);
        return height == image.height() ? wide : resizeColumns(wide, height);
    }

    private static int mostPixels(int rows) {
        return Integer.MAX_VALUE / CHANNELS / rows;
    }

    private RgbImage resizeRows(RgbImage image, int width) {
        byte[] in = image.pixels();
        byte[] out = new byte[CHANNELS * width * image.height()];
        for (int x = 0; x < width; x++) {
            Window window = window(x, image.width(), width);
            for (int y = 0; y < image.height(); y++) {
                int from = CHANNELS * (y * image.width() + window.first);
                for (int channel = 0; channel < CHANNELS; channel++) {
                    out[CHANNELS * (y * width + x) + channel] = window.apply(in, from + channel, CHANNELS);
                }
            }
        }
        return new RgbImage(width, image.height(), out);
    }

    private RgbImage resizeColumns(RgbImage image, int height) {
        int row = CHANNELS * image.width();
        byte[] in = image.pixels();
        byte[] out = new byte[row * height];
        for (int y = 0; y < height; y++) {
            Window window = window(y, image.height(), height);
            for (int i = 0; i < row; i++) {
                out[y * row + i] = window.apply(in, window.first * row + i, row);
            }
        }
        return new RgbImage(image.width(), height, out);
    }

    /** Which pixels make up an output pixel, and by which weights. */
    private Window window(int at, int inSize, int outSize) {
        double scale = (double) inSize / outSize;
        double stretch = Math.max(scale, 1);
        double reach = support * stretch;
        double centre = (at + 0.5) * scale;
        int first = Math.max((int) (centre - reach + 0.5), 0);
        int end = Math.min((int) (centre + reach + 0.5), inSize);
        double[] weights = new double[end - first];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = weight((i + first - centre + 0.5) * (1 / stretch));
            sum += weights[i];
        }
        int[] fixed = new int[weights.length];
        for (int i = 0; i < fixed.length; i++) {
            double scaled = (sum == 0 ? weights[i] : weights[i] / sum) * (1 << PRECISION);
            fixed[i] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
        }
        return new Window(first, fixed);
    }

    private record Window(int first, int[] weights) {
        byte apply(byte[] pixels, int from, int stride) {
            int sum = HALF;
            for (int i = 0; i < weights.length; i++) {
                sum += (pixels[from + i * stride] & 0xFF) * weights[i];
            }
            return (byte) Math.max(0, Math.min(255, sum >> PRECISION));
        }
    }
}
