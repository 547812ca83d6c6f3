package io.freshet.model.inception;

import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.List;

/**
 * The forward pass of Inception v3 (arXiv 1512.00567) in the variant of the Fréchet Inception distance: weights of TensorFlow's 2015
 * release, in which average pools leave the padding out of the count and the last block pools by maximum.
 *
 * <p>Shapes: B images; activations are [B, channels, side, side] in channels-last memory.
 */
final class InceptionNetwork {
    /** Side of the images that the network sees. */
    static final int SIDE = 299;

    /** Channels of the last block. */
    static final int FEATURES = 2048;

    /** Outputs of the classifier. */
    static final int CLASSES = 1008;

    private final Graph g;

    InceptionNetwork(Graph g) {
        this.g = g;
    }

    /** Outputs of the four blocks. */
    record Blocks(Value block0, Value block1, Value block2, Value block3) {}

    /**
     * Emits the preparation of images: levels to [0, 1], bilinear interpolation between pixel centres without smoothing, then 2x - 1.
     *
     * @param images [B, H, W, 3] float, 0 to 255
     * @return [B, 3, 299, 299] in [-1, 1]
     */
    Value prepare(Value images) {
        Value unit = g.permute(g.op("torch.div", images, 255), 0, 3, 1, 2);
        Value resized = g.op("torch.upsample_bilinear2d", unit, List.of(SIDE, SIDE), false, null, null);
        return g.sub(g.mul(resized, 2), 1);
    }

    /**
     * Emits the convolutional part.
     *
     * @param x [B, 3, 299, 299] in [-1, 1]
     */
    Blocks blocks(Value x) {
        x = reduce(x, "Conv2d_1a_3x3"); // [B, 32, 149, 149]
        x = valid(x, "Conv2d_2a_3x3"); // [B, 32, 147, 147]
        x = conv(x, "Conv2d_2b_3x3", 3, 3); // [B, 64, 147, 147]
        Value block0 = maxPool(x, 2, 0); // [B, 64, 73, 73]
        x = conv(block0, "Conv2d_3b_1x1", 1, 1); // [B, 80, 73, 73]
        x = valid(x, "Conv2d_4a_3x3"); // [B, 192, 71, 71]
        Value block1 = maxPool(x, 2, 0); // [B, 192, 35, 35]
        x = blockA(block1, "Mixed_5b"); // [B, 256, 35, 35]
        x = blockA(x, "Mixed_5c"); // [B, 288, 35, 35]
        x = blockA(x, "Mixed_5d"); // [B, 288, 35, 35]
        x = blockB(x, "Mixed_6a"); // [B, 768, 17, 17]
        x = blockC(x, "Mixed_6b");
        x = blockC(x, "Mixed_6c");
        x = blockC(x, "Mixed_6d");
        Value block2 = blockC(x, "Mixed_6e"); // [B, 768, 17, 17]
        x = blockD(block2, "Mixed_7a"); // [B, 1280, 8, 8]
        x = blockE(x, "Mixed_7b", averagePool(x)); // [B, 2048, 8, 8]
        Value block3 = blockE(x, "Mixed_7c", maxPool(x, 1, 1)); // [B, 2048, 8, 8]
        return new Blocks(block0, block1, block2, block3);
    }

    /** Average over all pixels, [B, channels]. */
    Value average(Value x) {
        return g.op("torch.mean", x, List.of(2, 3));
    }

    /** The classifier without its bias: logits [B, 1008] of features [B, 2048]. */
    Value logits(Value features) {
        return g.op("torch.linear", features, g.parameter("fc.weight"));
    }

    private Value blockA(Value x, String name) {
        Value one = conv(x, name + ".branch1x1", 1, 1);
        Value five = conv(conv(x, name + ".branch5x5_1", 1, 1), name + ".branch5x5_2", 5, 5);
        Value three = conv(conv(x, name + ".branch3x3dbl_1", 1, 1), name + ".branch3x3dbl_2", 3, 3);
        three = conv(three, name + ".branch3x3dbl_3", 3, 3);
        Value pool = conv(averagePool(x), name + ".branch_pool", 1, 1);
        return g.cat(List.of(one, five, three, pool), 1);
    }

    private Value blockB(Value x, String name) {
        Value three = reduce(x, name + ".branch3x3");
        Value twice = conv(conv(x, name + ".branch3x3dbl_1", 1, 1), name + ".branch3x3dbl_2", 3, 3);
        twice = reduce(twice, name + ".branch3x3dbl_3");
        return g.cat(List.of(three, twice, maxPool(x, 2, 0)), 1);
    }

    private Value blockC(Value x, String name) {
        Value one = conv(x, name + ".branch1x1", 1, 1);
        Value seven = conv(conv(x, name + ".branch7x7_1", 1, 1), name + ".branch7x7_2", 1, 7);
        seven = conv(seven, name + ".branch7x7_3", 7, 1);
        Value twice = conv(conv(x, name + ".branch7x7dbl_1", 1, 1), name + ".branch7x7dbl_2", 7, 1);
        twice = conv(conv(twice, name + ".branch7x7dbl_3", 1, 7), name + ".branch7x7dbl_4", 7, 1);
        twice = conv(twice, name + ".branch7x7dbl_5", 1, 7);
        Value pool = conv(averagePool(x), name + ".branch_pool", 1, 1);
        return g.cat(List.of(one, seven, twice, pool), 1);
    }

    private Value blockD(Value x, String name) {
        Value three = reduce(conv(x, name + ".branch3x3_1", 1, 1), name + ".branch3x3_2");
        Value seven = conv(conv(x, name + ".branch7x7x3_1", 1, 1), name + ".branch7x7x3_2", 1, 7);
        seven = reduce(conv(seven, name + ".branch7x7x3_3", 7, 1), name + ".branch7x7x3_4");
        return g.cat(List.of(three, seven, maxPool(x, 2, 0)), 1);
    }

    private Value blockE(Value x, String name, Value pooled) {
        Value one = conv(x, name + ".branch1x1", 1, 1);
        Value three = conv(x, name + ".branch3x3_1", 1, 1);
        Value wide = conv(three, name + ".branch3x3_2a", 1, 3);
        Value tall = conv(three, name + ".branch3x3_2b", 3, 1);
        Value twice = conv(conv(x, name + ".branch3x3dbl_1", 1, 1), name + ".branch3x3dbl_2", 3, 3);
        Value twiceWide = conv(twice, name + ".branch3x3dbl_3a", 1, 3);
        Value twiceTall = conv(twice, name + ".branch3x3dbl_3b", 3, 1);
        Value pool = conv(pooled, name + ".branch_pool", 1, 1);
        return g.cat(List.of(one, wide, tall, twiceWide, twiceTall, pool), 1);
    }

    /** Convolution that keeps the size, then ReLU. */
    private Value conv(Value x, String name, int height, int width) {
        return layer(x, name, 1, List.of(height / 2, width / 2));
    }

    /** Convolution without padding, then ReLU. */
    private Value valid(Value x, String name) {
        return layer(x, name, 1, List.of(0, 0));
    }

    /** 3x3 convolution without padding that halves the side, then ReLU. */
    private Value reduce(Value x, String name) {
        return layer(x, name, 2, List.of(0, 0));
    }

    private Value layer(Value x, String name, int stride, List<Integer> padding) {
        Value weight = g.parameter(name + ".weight");
        Value bias = g.parameter(name + ".bias");
        Value out = g.op("torch.conv2d", x, weight, bias, List.of(stride, stride), padding, List.of(1, 1), 1);
        return g.op("torch.relu_", out);
    }

    private Value maxPool(Value x, int stride, int padding) {
        return g.op(
                "torch.max_pool2d",
                x,
                List.of(3, 3),
                List.of(stride, stride),
                List.of(padding, padding),
                List.of(1, 1),
                false);
    }

    /** 3x3 average that keeps the size; pixels beyond the edge do not count. */
    private Value averagePool(Value x) {
        return g.op("torch.avg_pool2d", x, List.of(3, 3), List.of(1, 1), List.of(1, 1), false, false, null);
    }
}
