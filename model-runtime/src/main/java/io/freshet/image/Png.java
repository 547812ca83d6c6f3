package io.freshet.image;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** PNG files in memory. Thread-safe; touches no disk, and leaves the settings of {@link ImageIO} alone. */
public final class Png {
    /** The largest image that {@link #decode} unpacks, in pixels: 4096 x 4096. */
    public static final int MAX_PIXELS = 1 << 24;

    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

    private Png() {}

    /** The image as a PNG file of 8-bit RGB. */
    public static byte[] encode(RgbImage image) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(file)) {
            writer.setOutput(out);
            writer.write(new IIOImage(asBuffered(image), null, null));
        } catch (IOException e) {
            throw new UncheckedIOException("Writing a PNG to memory failed", e);
        } finally {
            writer.dispose();
        }
        return file.toByteArray();
    }

    /**
     * Reads a PNG of any colour type. Grey becomes three equal channels, a palette is looked up, of 16 bits the upper eight
     * are kept, alpha is dropped; gamma and colour profiles are not applied.
     *
     * @throws IOException if this is not a PNG, is damaged, or holds more than {@link #MAX_PIXELS}
     */
    public static RgbImage decode(byte[] file) throws IOException {
        if (!isPng(file)) {
            throw new IOException("Not a PNG: " + file.length + " bytes that do not begin with the PNG signature");
        }
        return ImageFile.read("PNG", file);
    }

    static boolean isPng(byte[] file) {
        return file.length >= SIGNATURE.length
                && Arrays.equals(file, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length);
    }

    /** A view, not a copy. */
    static BufferedImage asBuffered(RgbImage image) {
        ColorModel model = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false, Transparency.OPAQUE, DataBuffer.TYPE_BYTE);
        WritableRaster raster = Raster.createInterleavedRaster(
                new DataBufferByte(image.pixels(), image.pixels().length),
                image.width(),
                image.height(),
                3 * image.width(),
                3,
                new int[] {0, 1, 2},
                null);
        return new BufferedImage(model, raster, false, null);
    }

    /** Reads the raster itself: {@code BufferedImage.getRGB} takes grey for linear light and would brighten it. */
    static RgbImage fromBuffered(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        byte[] pixels = new byte[width * height * 3];
        if (image.getColorModel() instanceof IndexColorModel) {
            for (int i = 0; i < width * height; i++) {
                int rgb = image.getRGB(i % width, i / width);
                pixels[3 * i] = (byte) (rgb >> 16);
                pixels[3 * i + 1] = (byte) (rgb >> 8);
                pixels[3 * i + 2] = (byte) rgb;
            }
            return new RgbImage(width, height, pixels);
        }
        Raster raster = image.getRaster();
        boolean grey = raster.getNumBands() < 3;
        int shift = raster.getSampleModel().getSampleSize(0) - 8;
        for (int channel = 0; channel < 3; channel++) {
            int[] samples = raster.getSamples(0, 0, width, height, grey ? 0 : channel, (int[]) null);
            for (int i = 0; i < samples.length; i++) {
                pixels[3 * i + channel] = (byte) (samples[i] >> shift);
            }
        }
        return new RgbImage(width, height, pixels);
    }
}
