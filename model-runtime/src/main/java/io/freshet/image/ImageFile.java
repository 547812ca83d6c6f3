package io.freshet.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Image files of strangers, in memory: PNG and JPEG, told apart by how they begin. Thread-safe; touches no disk. */
public final class ImageFile {
    private ImageFile() {}

    /**
     * Reads a PNG as {@link Png#decode} does, or a baseline or progressive JPEG: grey becomes three equal channels, colour profiles and
     * the orientation that a camera noted are not applied.
     *
     * @throws IOException if it is neither, is damaged, or holds more than {@link Png#MAX_PIXELS}
     */
    public static RgbImage decode(byte[] file) throws IOException {
        if (Png.isPng(file)) {
            return Png.decode(file);
        }
        if (isJpeg(file)) {
            return read("JPEG", file);
        }
        throw new IOException("Neither PNG nor JPEG: " + file.length
                + " bytes that begin with the signature of neither; encode the image as one of them");
    }

    private static boolean isJpeg(byte[] file) {
        return file.length > 3 && file[0] == (byte) 0xFF && file[1] == (byte) 0xD8 && file[2] == (byte) 0xFF;
    }

    /** Unpacks a file of one format if it is not larger than allowed. */
    static RgbImage read(String format, byte[] file) throws IOException {
        ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(in, true, true);
            long width = reader.getWidth(0);
            long height = reader.getHeight(0);
            if (width * height > Png.MAX_PIXELS) {
                throw new IOException("The " + format + " is " + width + "x" + height + " pixels: expected at most "
                        + Png.MAX_PIXELS + " in all; scale it down first");
            }
            return Png.fromBuffered(reader.read(0));
        } catch (RuntimeException e) {
            // The readers of the JDK let some damaged files escape as index or argument errors.
            throw new IOException("The " + format + " of " + file.length + " bytes is damaged: " + e, e);
        } finally {
            reader.dispose();
        }
    }
}
