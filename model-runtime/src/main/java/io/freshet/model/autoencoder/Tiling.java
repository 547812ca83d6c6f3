package io.freshet.model.autoencoder;

/**
 * How a large latent is cut into tiles that are decoded one by one and blended. Tiles are all of one size and lie at even distances;
 * neighbours overlap by at least the given number of pixels, over which one fades linearly into the other.
 *
 * @param tile side of a tile in pixels of the latent
 * @param overlap pixels of the latent over which neighbours are blended, fewer than a tile has
 */
public record Tiling(int tile, int overlap) {
    private static final int OVERLAPS_PER_TILE = 4;

    public Tiling {
        if (tile < 1) {
            throw new IllegalArgumentException("Tiling: the tile is " + tile + ", expected at least 1 pixel");
        }
        if (overlap < 0 || overlap >= tile) {
            throw new IllegalArgumentException(
                    "Tiling: the overlap is " + overlap + ", expected 0 to " + (tile - 1) + ", less than the tile");
        }
    }

    /** Tiles as large as the images that the autoencoder was trained on, and a quarter of that as overlap. */
    public static Tiling of(AutoencoderConfig config) {
        int tile = Math.max(1, config.sampleSize() / config.downFactor());
        return new Tiling(tile, tile / OVERLAPS_PER_TILE);
    }

    /** Whether a latent of such sides is one tile. */
    boolean isOne(long height, long width) {
        return height <= tile && width <= tile;
    }

    /** Where tiles begin along a side of so many pixels. */
    int[] starts(int size) {
        if (size <= tile) {
            return new int[] {0};
        }
        int stride = tile - overlap;
        int tiles = (size - overlap + stride - 1) / stride;
        int[] starts = new int[tiles];
        for (int i = 0; i < tiles; i++) {
            starts[i] = (int) ((long) i * (size - tile) / (tiles - 1));
        }
        return starts;
    }

    /**
     * The share of each tile in the pixels of the image that it covers; over all tiles a pixel's shares add up to one.
     *
     * @param size pixels of the latent along the side
     * @param factor pixels of the image for one of the latent
     * @return [tiles][tile factor]
     */
    float[][] shares(int size, int factor) {
        int[] starts = starts(size);
        int length = Math.min(size, tile) * factor;
        double[][] heights = new double[starts.length][length];
        double[] sums = new double[size * factor];
        for (int i = 0; i < starts.length; i++) {
            for (int x = 0; x < length; x++) {
                double fromStart = i == 0 ? 1 : ramp(x, factor);
                double fromEnd = i == starts.length - 1 ? 1 : ramp(length - 1 - x, factor);
                heights[i][x] = Math.min(fromStart, fromEnd);
                sums[starts[i] * factor + x] += heights[i][x];
            }
        }
        float[][] shares = new float[starts.length][length];
        for (int i = 0; i < starts.length; i++) {
            for (int x = 0; x < length; x++) {
                shares[i][x] = (float) (heights[i][x] / sums[starts[i] * factor + x]);
            }
        }
        return shares;
    }

    private double ramp(int distance, int factor) {
        return overlap == 0 ? 1 : Math.min(1, (distance + 0.5) / (overlap * factor));
    }

    /** Pixels of the latent that a tile has along a side of so many. */
    int length(int size) {
        return Math.min(size, tile);
    }

    @Override
    public String toString() {
        return "tiles of " + tile + " pixels that overlap by " + overlap;
    }
}
