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
        if (width < 1 || height < 1 || pixels.length != width * height * 3) {
            throw new IllegalArgumentException("An RGB image of " + width + "x" + height + " needs "
                    + (long) width * height * 3 + " bytes, not " + pixels.length);
        }
    }
}
