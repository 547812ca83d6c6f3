package io.freshet.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CenterCropTest {
    @Test
    void ofTheWantedSizeIsLeftAlone() {
        RgbImage image = gradient(8, 8);
        assertThat(CenterCrop.of(image, 8).pixels()).isEqualTo(image.pixels());
    }

    @Test
    void takesTheMiddleOfALongImage() {
        RgbImage image = gradient(11, 8);
        RgbImage cropped = CenterCrop.of(image, 8);
        for (int x = 0; x < 8; x++) {
            assertThat(cropped.pixels()[3 * x]).isEqualTo(image.pixels()[3 * (x + 1)]);
        }
    }

    @Test
    void ofAnEvenColourKeepsIt() {
        byte[] pixels = new byte[3 * 50 * 71];
        Arrays.fill(pixels, (byte) 201);
        for (int size : new int[] {1, 7, 16, 64}) {
            assertThat(CenterCrop.of(new RgbImage(50, 71, pixels), size).pixels())
                    .hasSize(3 * size * size)
                    .containsOnly((byte) 201);
        }
    }

    @Test
    void averagesWhatABoxCovers() {
        RgbImage two = new RgbImage(2, 1, new byte[] {10, 20, 30, 21, 20, 40});
        assertThat(Resampling.BOX.resize(two, 1, 1).pixels()).containsExactly(16, 20, 35); // halves round up
    }

    @Test
    void refusesSizesThatMakeNoImage() {
        assertThatThrownBy(() -> CenterCrop.of(gradient(4, 4), 0)).hasMessageContaining("0x0");
        assertThatThrownBy(() -> Resampling.BOX.resize(gradient(4, 4), 3, 0))
                .hasMessageContaining("4x4 cannot be resized to 3x0");
        RgbImage thread = new RgbImage(1, 4_000_000, new byte[12_000_000]);
        assertThatThrownBy(() -> CenterCrop.of(thread, 1024)).hasMessageContaining("in all");
    }

    private static RgbImage gradient(int width, int height) {
        byte[] pixels = new byte[3 * width * height];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i * 5);
        }
        return new RgbImage(width, height, pixels);
    }
}
