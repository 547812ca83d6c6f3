package io.freshet.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PngTest {
    private static RgbImage noise(int width, int height) {
        byte[] pixels = new byte[width * height * 3];
        new Random(1).nextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "32, 32", "31, 17"})
    void imagesAreTheSameAfterEncodingAndDecoding(int width, int height) throws IOException {
        RgbImage image = noise(width, height);
        RgbImage decoded = Png.decode(Png.encode(image));
        assertThat(decoded.width()).isEqualTo(width);
        assertThat(decoded.height()).isEqualTo(height);
        assertThat(decoded.pixels()).isEqualTo(image.pixels());
    }

    @ParameterizedTest
    @CsvSource({"10, 77", "11, 77", "12, 128", "13, 128"})
    void greyAndPalettesBecomeRgbWithTheirLevelsUnchanged(int type, int level) throws IOException {
        BufferedImage image = new BufferedImage(3, 2, type);
        if (type == BufferedImage.TYPE_BYTE_GRAY) {
            image.getRaster().setSample(1, 1, 0, level);
        } else if (type == BufferedImage.TYPE_USHORT_GRAY) {
            image.getRaster().setSample(1, 1, 0, level << 8 | 0xAB);
        } else {
            image.setRGB(1, 1, 0xFFFFFFFF);
        }
        byte[] pixels = Png.decode(write(image)).pixels();
        int expected = type == BufferedImage.TYPE_BYTE_BINARY || type == BufferedImage.TYPE_BYTE_INDEXED ? 255 : level;
        assertThat(new int[] {pixels[12] & 0xFF, pixels[13] & 0xFF, pixels[14] & 0xFF, pixels[0] & 0xFF})
                .containsExactly(expected, expected, expected, 0);
    }

    @Test
    void alphaIsDropped() throws IOException {
        BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
        WritableRaster raster = image.getRaster();
        raster.setPixel(0, 0, new int[] {10, 20, 30, 40});
        assertThat(Png.decode(write(image)).pixels()).containsExactly(10, 20, 30);
    }

    @Test
    void otherFilesAreRefused() throws IOException {
        assertThatThrownBy(() -> Png.decode(new byte[0]))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Not a PNG");
        ByteArrayOutputStream gif = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_GRAY), "gif", gif);
        assertThatThrownBy(() -> Png.decode(gif.toByteArray())).hasMessageContaining("Not a PNG");
    }

    @Test
    void cutShortOrScrambledFilesFailWithAnIoExceptionAndNothingElse() {
        byte[] file = Png.encode(noise(32, 32));
        for (int length = 8; length < file.length - 20; length += 7) {
            byte[] cut = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> Png.decode(cut))
                    .as("first %d bytes", length)
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void anImageTooLargeToUnpackIsRefusedBeforeItsPixelsAreRead() {
        byte[] file = Png.encode(noise(2, 2));
        ByteBuffer header = ByteBuffer.wrap(file);
        header.putInt(16, 100_000).putInt(20, 100_000); // the size, in the header chunk
        CRC32 crc = new CRC32();
        crc.update(file, 12, 17);
        header.putInt(29, (int) crc.getValue());
        assertThatThrownBy(() -> Png.decode(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("100000x100000 pixels: expected at most 16777216");
    }

    private static byte[] write(BufferedImage image) throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        ImageIO.write(image, "png", file);
        return file.toByteArray();
    }
}
