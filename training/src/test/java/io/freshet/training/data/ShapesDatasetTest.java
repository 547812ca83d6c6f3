package io.freshet.training.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.image.RgbImage;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ShapesDatasetTest {
    @Test
    void drawsTheSameBitsOnEveryMachine() throws NoSuchAlgorithmException {
        assertThat(sha256(ShapesDataset.TRAIN))
                .isEqualTo("678834a5754c5d3ea2d63680d4465d28d982da61beee1cdcc53f76328166e81f");
        assertThat(sha256(ShapesDataset.HELD_OUT))
                .isEqualTo("7d81246984e3bd5b0b54fae308ab914afe53c0b704589628d5ad02e8f6c82520");
    }

    private static String sha256(ShapesDataset data) throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (int i = 0; i < 1000; i++) {
            digest.update(data.image(i).pixels());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    @Test
    void anImageDependsOnItsIndexAloneAndNotOnTheOrderOfDrawing() {
        byte[] expected = ShapesDataset.TRAIN.image(1L << 40).pixels();
        ShapesDataset.TRAIN.image(3);
        assertThat(new ShapesDataset(1).image(1L << 40).pixels()).isEqualTo(expected);
    }

    @Test
    void classesTakeTurnsAndHaveNames() {
        assertThat(ShapesDataset.CLASS_NAMES)
                .containsExactly(
                        "circle",
                        "ring",
                        "square",
                        "diamond",
                        "triangle",
                        "cross",
                        "star",
                        "crescent",
                        "heart",
                        "stripes");
        assertThat(ShapesDataset.TRAIN.label(0)).isZero();
        assertThat(ShapesDataset.TRAIN.label(1234567)).isEqualTo(7);
    }

    @Test
    void noTwoImagesOfEitherSplitAreEqual() {
        Set<String> seen = new HashSet<>();
        for (ShapesDataset data : new ShapesDataset[] {ShapesDataset.TRAIN, ShapesDataset.HELD_OUT}) {
            for (int i = 0; i < 2000; i++) {
                seen.add(Arrays.toString(data.image(i).pixels()));
            }
        }
        assertThat(seen).hasSize(4000);
    }

    @Test
    void everyShapeIsLargeAndStandsOutFromItsGround() {
        for (int i = 0; i < 2000; i++) {
            RgbImage image = ShapesDataset.TRAIN.image(i);
            int saturated = 0;
            for (int p = 0; p < image.pixels().length; p += 3) {
                int red = image.pixels()[p] & 0xFF;
                int green = image.pixels()[p + 1] & 0xFF;
                int blue = image.pixels()[p + 2] & 0xFF;
                int most = Math.max(red, Math.max(green, blue));
                int least = Math.min(red, Math.min(green, blue));
                if (most - least > 0.4 * most) {
                    saturated++;
                }
            }
            String name = ShapesDataset.CLASS_NAMES.get(ShapesDataset.TRAIN.label(i));
            assertThat(saturated / 1024.0).as("part covered by %s %d", name, i).isBetween(0.15, 0.65);
        }
    }

    @Test
    void samplesAreTheImagesInTheRangeOfAModel() {
        float[] batch = new float[2 * 3 * 32 * 32];
        ShapesDataset.HELD_OUT.write(5, batch, 3 * 32 * 32);
        float[] second = Arrays.copyOfRange(batch, 3 * 32 * 32, batch.length);
        assertThat(RgbImage.fromSample(32, 32, second).pixels())
                .isEqualTo(ShapesDataset.HELD_OUT.image(5).pixels());
        assertThat(Arrays.copyOf(batch, 3 * 32 * 32))
                .as("the first place is left alone")
                .containsOnly(0f);
    }
}
