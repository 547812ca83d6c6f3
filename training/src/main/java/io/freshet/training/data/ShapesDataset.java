package io.freshet.training.data;

import io.freshet.image.RgbImage;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The data set {@code shapes}: one large coloured shape on a pale, smoothly shaded ground; ten classes of shape, of varied
 * colour, size, place, rotation and texture. Image number i is a pure function of (seed, i), the same bits on every machine, so nothing
 * is downloaded or stored, and there is no end to it. Thread-safe.
 *
 * <p>Classes take turns: the label of image i is i mod 10, so any ten consecutive images hold each class once.
 *
 * @param seed which images; different seeds share none
 */
public record ShapesDataset(long seed) {
    /** Name of the data set, for reports. */
    public static final String NAME = "shapes";

    /** Width and height of every image in pixels. */
    public static final int SIDE = 32;

    /** Names of the classes by label. */
    public static final List<String> CLASS_NAMES = Arrays.stream(Silhouette.values())
            .map(shape -> shape.name().toLowerCase(Locale.ROOT))
            .toList();

    /** What models are trained on. */
    public static final ShapesDataset TRAIN = new ShapesDataset(1);

    /** What models are judged by; never trained on. */
    public static final ShapesDataset HELD_OUT = new ShapesDataset(2);

    private static final Silhouette[] SILHOUETTES = Silhouette.values();

    /** Sub-pixels per pixel and direction. */
    private static final int SUPERSAMPLING = 4;

    /** Label of an image. */
    public int label(long index) {
        return (int) Math.floorMod(index, (long) SILHOUETTES.length);
    }

    /** Draws an image. */
    public RgbImage image(long index) {
        Draws draws = new Draws(seed, index);
        Silhouette silhouette = SILHOUETTES[label(index)];
        Placement placement = Placement.draw(draws);
        Shade ground = Shade.ground(draws);
        Shade figure = Shade.figure(draws);
        Weave weave = Weave.draw(draws);

        byte[] pixels = new byte[SIDE * SIDE * 3];
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                double cover = placement.cover(silhouette, x, y);
                double across = (x + 0.5) / SIDE * 2 - 1;
                double down = (y + 0.5) / SIDE * 2 - 1;
                double relief = weave.at(across, down);
                for (int channel = 0; channel < 3; channel++) {
                    double behind = ground.at(channel, across, down);
                    double level = behind + cover * (figure.at(channel, across, down) + relief - behind);
                    pixels[(y * SIDE + x) * 3 + channel] = (byte) (int) (255 * Math.min(Math.max(level, 0), 1) + 0.5);
                }
            }
        }
        return new RgbImage(SIDE, SIDE, pixels);
    }

    /**
     * Draws an image as a model sees it.
     *
     * @param index which image
     * @param out receives [3, 32, 32] in [-1, 1]
     * @param offset where in {@code out}
     */
    public void write(long index, float[] out, int offset) {
        image(index).writeSample(out, offset);
    }

    /** Where the shape stands, in pixels: a shape point p stands at centre + radius · R p. */
    private record Placement(double centreX, double centreY, double cosOverRadius, double sinOverRadius) {
        static Placement draw(Draws draws) {
            double radius = draws.between(11.5, 14.0);
            double room = 15.5 - radius;
            double centreX = SIDE / 2.0 + draws.between(-room, room);
            double centreY = SIDE / 2.0 + draws.between(-room, room);
            double angle = draws.between(-0.2, 0.2);
            return new Placement(centreX, centreY, StrictMath.cos(angle) / radius, StrictMath.sin(angle) / radius);
        }

        /** The part of a pixel that the shape covers, 0 to 1. */
        double cover(Silhouette silhouette, int pixelX, int pixelY) {
            int inside = 0;
            for (int j = 0; j < SUPERSAMPLING; j++) {
                double dy = pixelY + (j + 0.5) / SUPERSAMPLING - centreY;
                for (int i = 0; i < SUPERSAMPLING; i++) {
                    double dx = pixelX + (i + 0.5) / SUPERSAMPLING - centreX;
                    if (silhouette.contains(
                            dx * cosOverRadius + dy * sinOverRadius, dy * cosOverRadius - dx * sinOverRadius)) {
                        inside++;
                    }
                }
            }
            return inside / (double) (SUPERSAMPLING * SUPERSAMPLING);
        }
    }

    /** A colour that grows lighter or darker along one direction. Levels are 0 to 1. */
    private record Shade(double red, double green, double blue, double slopeX, double slopeY) {
        /** Pale and little saturated. */
        static Shade ground(Draws draws) {
            return draw(draws, draws.between(0.04, 0.18), draws.between(0.86, 0.98), 0.05);
        }

        /** Any hue, strong. */
        static Shade figure(Draws draws) {
            return draw(draws, draws.between(0.65, 0.95), draws.between(0.55, 0.85), 0.12);
        }

        private static Shade draw(Draws draws, double saturation, double value, double steepest) {
            double hue = draws.between(0, 6);
            return new Shade(
                    channel(hue, 5, saturation, value),
                    channel(hue, 3, saturation, value),
                    channel(hue, 1, saturation, value),
                    draws.between(-steepest, steepest),
                    draws.between(-steepest, steepest));
        }

        /** One channel of hue (0 to 6), saturation and value: v (1 - s · clamp(min(k, 4 - k), 0, 1)), k = (offset + hue) mod 6. */
        private static double channel(double hue, int offset, double saturation, double value) {
            double k = (offset + hue) % 6;
            return value * (1 - saturation * Math.min(Math.max(Math.min(k, 4 - k), 0), 1));
        }

        double at(int channel, double across, double down) {
            double base = channel == 0 ? red : channel == 1 ? green : blue;
            return base + slopeX * across + slopeY * down;
        }
    }

    /** A faint texture of soft bands: a triangle wave along one direction. */
    private record Weave(double perX, double perY, double phase, double amplitude) {
        static Weave draw(Draws draws) {
            return new Weave(
                    draws.between(-2.5, 2.5), draws.between(-2.5, 2.5), draws.between(0, 1), draws.between(0, 0.06));
        }

        double at(double across, double down) {
            double position = perX * across + perY * down + phase;
            double within = position - Math.floor(position);
            return amplitude * (4 * Math.abs(within - 0.5) - 1);
        }
    }
}
