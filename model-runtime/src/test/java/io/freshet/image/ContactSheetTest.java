package io.freshet.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContactSheetTest {
    private static RgbImage plain(int red, int green, int blue) {
        byte[] pixels = new byte[8 * 8 * 3];
        for (int i = 0; i < 64; i++) {
            pixels[3 * i] = (byte) red;
            pixels[3 * i + 1] = (byte) green;
            pixels[3 * i + 2] = (byte) blue;
        }
        return new RgbImage(8, 8, pixels);
    }

    private static int[] pixel(RgbImage image, int x, int y) {
        int at = (y * image.width() + x) * 3;
        return new int[] {image.pixels()[at] & 0xFF, image.pixels()[at + 1] & 0xFF, image.pixels()[at + 2] & 0xFF};
    }

    @Test
    void placesEnlargedImagesInRowsAndColumnsOnWhite() {
        RgbImage red = plain(200, 0, 0);
        RgbImage blue = plain(0, 0, 200);
        RgbImage sheet = new ContactSheet("", List.of(), List.of(row("", red, blue), row("", blue)), 3).render();

        assertThat(sheet.width()).isEqualTo(12 + 24 + 2 + 24 + 12);
        assertThat(sheet.height()).isEqualTo(12 + 24 + 2 + 24 + 12);
        assertThat(pixel(sheet, 0, 0)).as("margin").containsExactly(255, 255, 255);
        assertThat(pixel(sheet, 12, 12)).as("first row, first column").containsExactly(200, 0, 0);
        assertThat(pixel(sheet, 35, 35)).as("its last pixel").containsExactly(200, 0, 0);
        assertThat(pixel(sheet, 36, 20)).as("gap").containsExactly(255, 255, 255);
        assertThat(pixel(sheet, 38, 12)).as("first row, second column").containsExactly(0, 0, 200);
        assertThat(pixel(sheet, 12, 38)).as("second row").containsExactly(0, 0, 200);
        assertThat(pixel(sheet, 45, 45)).as("a place left free").containsExactly(255, 255, 255);
    }

    @Test
    void drawsTitleLabelsAndHeader() {
        RgbImage white = plain(255, 255, 255);
        RgbImage sheet = new ContactSheet(
                        "run", List.of("a", "a", "b"), List.of(row("step 400", white, white, white)), 8)
                .render();
        int dark = 0;
        int left = sheet.width();
        for (int y = 0; y < sheet.height(); y++) {
            for (int x = 0; x < sheet.width(); x++) {
                if (Arrays.stream(pixel(sheet, x, y)).sum() < 450) {
                    dark++;
                    left = Math.min(left, x);
                }
            }
        }
        assertThat(dark).as("inked pixels").isGreaterThan(100);
        assertThat(left).as("leftmost ink").isBetween(10, 16);
    }

    @Test
    void refusesWhatDoesNotMakeAGrid() {
        RgbImage image = plain(0, 0, 0);
        assertThatThrownBy(() -> new ContactSheet("", List.of(), List.of(), 1))
                .hasMessageContaining("at least one image");
        assertThatThrownBy(() -> new ContactSheet("", List.of(), List.of(row("", image)), 0))
                .hasMessageContaining("scale is 0");
        assertThatThrownBy(() -> new ContactSheet("", List.of("a", "b"), List.of(row("", image)), 1))
                .hasMessageContaining("1 columns of images but 2 column names");
        RgbImage small = new RgbImage(1, 1, new byte[3]);
        assertThatThrownBy(() -> new ContactSheet("", List.of(), List.of(row("", image, small)), 1))
                .hasMessageContaining("8x8 and 1x1");
    }

    private static ContactSheet.Row row(String label, RgbImage... images) {
        return new ContactSheet.Row(label, "", List.of(images));
    }
}
