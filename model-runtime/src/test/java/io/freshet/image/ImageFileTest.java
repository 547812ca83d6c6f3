package io.freshet.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ImageFileTest {
    private static byte[] jpeg(int type, int rgb) throws IOException {
        BufferedImage image = new BufferedImage(16, 8, type);
        for (int i = 0; i < 16 * 8; i++) {
            image.setRGB(i % 16, i / 16, rgb);
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        assertThat(ImageIO.write(image, "jpeg", file)).isTrue();
        return file.toByteArray();
    }

    @Test
    void readsJpegsInColourAndGrey() throws IOException {
        RgbImage orange = ImageFile.decode(jpeg(BufferedImage.TYPE_INT_RGB, 0xFFA040));
        assertThat(orange.width()).isEqualTo(16);
        assertThat(orange.height()).isEqualTo(8);
        int[] first = {orange.pixels()[0] & 0xFF, orange.pixels()[1] & 0xFF, orange.pixels()[2] & 0xFF};
        assertThat(first[0]).as("red").isBetween(250, 255);
        assertThat(first[1]).as("green").isBetween(157, 163);
        assertThat(first[2]).as("blue").isBetween(61, 67);

        byte[] grey =
                ImageFile.decode(jpeg(BufferedImage.TYPE_BYTE_GRAY, 0x808080)).pixels();
        assertThat(grey[0]).isEqualTo(grey[1]).isEqualTo(grey[2]);
    }

    @Test
    void readsPngsAsPngDoes() throws IOException {
        byte[] pixels = new byte[4 * 4 * 3];
        new SplittableRandom(1).nextBytes(pixels);
        assertThat(ImageFile.decode(Png.encode(new RgbImage(4, 4, pixels))).pixels())
                .isEqualTo(pixels);
    }

    @Test
    void saysThatOtherBytesAreNoImage() {
        assertThatIOException()
                .isThrownBy(() -> ImageFile.decode("GIF89a".getBytes(StandardCharsets.US_ASCII)))
                .withMessageContaining("Neither PNG nor JPEG: 6 bytes")
                .withMessageContaining("encode the image as one of them");
        assertThatIOException().isThrownBy(() -> ImageFile.decode(new byte[0]));
    }

    @Test
    void survivesDamagedJpegs() throws IOException {
        byte[] whole = jpeg(BufferedImage.TYPE_INT_RGB, 0x123456);
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < 500; i++) {
            byte[] changed = i % 2 == 0 ? whole.clone() : Arrays.copyOf(whole, random.nextInt(whole.length));
            for (int j = 0; j < 3 && changed.length > 3; j++) {
                changed[3 + random.nextInt(changed.length - 3)] = (byte) random.nextInt();
            }
            try {
                ImageFile.decode(changed);
            } catch (IOException expected) {
                // Refused, as it should be where the change can be noticed.
            }
        }
    }
}
