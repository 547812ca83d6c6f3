package io.freshet.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RgbImageTest {
    @Test
    void everyLevelSurvivesTheWayToASampleAndBack() {
        byte[] pixels = new byte[256 * 3];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i * 7 % 256);
        }
        RgbImage image = new RgbImage(64, 4, pixels);
        assertThat(RgbImage.fromSample(64, 4, image.toSample()).pixels()).isEqualTo(pixels);
    }

    @Test
    void samplesAreClampedAndTruncatedAsInTheOriginal() {
        float[] sample = {-1f, 1f, 0f, -0.0039f, -5f, 5f};
        byte[] pixels = RgbImage.fromSample(1, 2, sample).pixels();
        // 127.5 x + 128 = 0.5, 255.5, 128, 127.50275, clamped below and above
        assertThat(new int[] {
                    pixels[0] & 0xFF,
                    pixels[3] & 0xFF,
                    pixels[1] & 0xFF,
                    pixels[4] & 0xFF,
                    pixels[2] & 0xFF,
                    pixels[5] & 0xFF
                })
                .containsExactly(0, 255, 128, 127, 0, 255);
    }

    @Test
    void wrongSizesAreRefused() {
        assertThatThrownBy(() -> new RgbImage(2, 2, new byte[11])).hasMessageContaining("needs 12 bytes, not 11");
        assertThatThrownBy(() -> RgbImage.fromSample(2, 2, new float[4])).hasMessageContaining("= 12 values, not 4");
    }
}
