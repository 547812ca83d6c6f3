package io.freshet.app.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class FidPlotTest {
    private static final int LINE = 0x1F6FB4;
    private static final int FLOOR = 0xC05028;

    private static FidPlot plot(FidPlot.Point... points) {
        return new FidPlot("run", "shapes-cnn-64", 256, 0.5, List.of(points));
    }

    private static RgbImage draw(FidPlot plot) throws IOException {
        return Png.decode(plot.png());
    }

    /** Mean height over the picture of all pixels of a colour, from the top; NaN if there are none. */
    private static double height(RgbImage image, int colour, int fromX, int toX) {
        long sum = 0;
        int count = 0;
        for (int y = 100; y < image.height(); y++) { // below the legend
            for (int x = fromX; x < toX; x++) {
                int at = (y * image.width() + x) * 3;
                int rgb = (image.pixels()[at] & 0xFF) << 16
                        | (image.pixels()[at + 1] & 0xFF) << 8
                        | (image.pixels()[at + 2] & 0xFF);
                if (rgb == colour) {
                    sum += y;
                    count++;
                }
            }
        }
        return count == 0 ? Double.NaN : (double) sum / count;
    }

    @Test
    void aFallingDistanceFallsInThePictureTowardsTheFloor() throws IOException {
        RgbImage image = draw(plot(new FidPlot.Point(300, 9), new FidPlot.Point(100, 90), new FidPlot.Point(200, 30)));
        double left = height(image, LINE, 80, 300);
        double right = height(image, LINE, 650, 880);
        double floor = height(image, FLOOR, 80, 880);
        assertThat(left).as("the line on the left, from the top").isLessThan(right);
        assertThat(right).as("the line on the right, from the top").isLessThan(floor);
    }

    @Test
    void oneCheckpointAndAValueOfZeroCanBeDrawn() throws IOException {
        assertThat(height(draw(plot(new FidPlot.Point(0, 4))), LINE, 80, 880)).isPositive();
        assertThat(height(draw(plot(new FidPlot.Point(10, -1e-12))), LINE, 80, 880))
                .isPositive();
    }

    @Test
    void whatCannotBeDrawnIsRefused() {
        assertThatThrownBy(() -> plot()).hasMessageContaining("at least one checkpoint");
        assertThatThrownBy(() -> new FidPlot.Point(7, Double.NaN)).hasMessageContaining("step 7 is NaN");
        assertThatThrownBy(() -> new FidPlot("r", "e", 2, 0, List.of(new FidPlot.Point(1, 1))))
                .hasMessageContaining("bias floor is 0.0");
    }
}
