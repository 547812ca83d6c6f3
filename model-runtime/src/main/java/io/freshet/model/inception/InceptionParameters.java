package io.freshet.model.inception;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Names and shapes of the parameters of FID's Inception network, in the order and with the names of pytorch-fid's file. Batch
 * normalisations also have a counter there, {@link #COUNTER}, which no inference reads and which is therefore not listed.
 */
public final class InceptionParameters {
    /** How the names of the counters end. */
    static final String COUNTER = ".bn.num_batches_tracked";

    private static final int FEATURES = InceptionNetwork.FEATURES;
    private static final int CLASSES = InceptionNetwork.CLASSES;

    private final Map<String, long[]> shapes = new LinkedHashMap<>();

    private InceptionParameters() {}

    /** Shapes by name. */
    public static Map<String, long[]> all() {
        return new InceptionParameters().build();
    }

    private Map<String, long[]> build() {
        conv("Conv2d_1a_3x3", 3, 32, 3, 3);
        conv("Conv2d_2a_3x3", 32, 32, 3, 3);
        conv("Conv2d_2b_3x3", 32, 64, 3, 3);
        conv("Conv2d_3b_1x1", 64, 80, 1, 1);
        conv("Conv2d_4a_3x3", 80, 192, 3, 3);
        blockA("Mixed_5b", 192, 32);
        blockA("Mixed_5c", 256, 64);
        blockA("Mixed_5d", 288, 64);
        blockB("Mixed_6a", 288);
        blockC("Mixed_6b", 768, 128);
        blockC("Mixed_6c", 768, 160);
        blockC("Mixed_6d", 768, 160);
        blockC("Mixed_6e", 768, 192);
        blockD("Mixed_7a", 768);
        blockE("Mixed_7b", 1280);
        blockE("Mixed_7c", 2048);
        shapes.put("fc.weight", new long[] {CLASSES, FEATURES});
        shapes.put("fc.bias", new long[] {CLASSES});
        return shapes;
    }

    private void blockA(String name, int in, int pool) {
        conv(name + ".branch1x1", in, 64, 1, 1);
        conv(name + ".branch5x5_1", in, 48, 1, 1);
        conv(name + ".branch5x5_2", 48, 64, 5, 5);
        conv(name + ".branch3x3dbl_1", in, 64, 1, 1);
        conv(name + ".branch3x3dbl_2", 64, 96, 3, 3);
        conv(name + ".branch3x3dbl_3", 96, 96, 3, 3);
        conv(name + ".branch_pool", in, pool, 1, 1);
    }

    private void blockB(String name, int in) {
        conv(name + ".branch3x3", in, 384, 3, 3);
        conv(name + ".branch3x3dbl_1", in, 64, 1, 1);
        conv(name + ".branch3x3dbl_2", 64, 96, 3, 3);
        conv(name + ".branch3x3dbl_3", 96, 96, 3, 3);
    }

    private void blockC(String name, int in, int inner) {
        conv(name + ".branch1x1", in, 192, 1, 1);
        conv(name + ".branch7x7_1", in, inner, 1, 1);
        conv(name + ".branch7x7_2", inner, inner, 1, 7);
        conv(name + ".branch7x7_3", inner, 192, 7, 1);
        conv(name + ".branch7x7dbl_1", in, inner, 1, 1);
        conv(name + ".branch7x7dbl_2", inner, inner, 7, 1);
        conv(name + ".branch7x7dbl_3", inner, inner, 1, 7);
        conv(name + ".branch7x7dbl_4", inner, inner, 7, 1);
        conv(name + ".branch7x7dbl_5", inner, 192, 1, 7);
        conv(name + ".branch_pool", in, 192, 1, 1);
    }

    private void blockD(String name, int in) {
        conv(name + ".branch3x3_1", in, 192, 1, 1);
        conv(name + ".branch3x3_2", 192, 320, 3, 3);
        conv(name + ".branch7x7x3_1", in, 192, 1, 1);
        conv(name + ".branch7x7x3_2", 192, 192, 1, 7);
        conv(name + ".branch7x7x3_3", 192, 192, 7, 1);
        conv(name + ".branch7x7x3_4", 192, 192, 3, 3);
    }

    private void blockE(String name, int in) {
        conv(name + ".branch1x1", in, 320, 1, 1);
        conv(name + ".branch3x3_1", in, 384, 1, 1);
        conv(name + ".branch3x3_2a", 384, 384, 1, 3);
        conv(name + ".branch3x3_2b", 384, 384, 3, 1);
        conv(name + ".branch3x3dbl_1", in, 448, 1, 1);
        conv(name + ".branch3x3dbl_2", 448, 384, 3, 3);
        conv(name + ".branch3x3dbl_3a", 384, 384, 1, 3);
        conv(name + ".branch3x3dbl_3b", 384, 384, 3, 1);
        conv(name + ".branch_pool", in, 192, 1, 1);
    }

    /** A convolution without bias and the batch normalisation behind it. */
    private void conv(String name, int in, int out, int height, int width) {
        shapes.put(name + ".conv.weight", new long[] {out, in, height, width});
        for (String statistic : new String[] {"weight", "bias", "running_mean", "running_var"}) {
            shapes.put(name + ".bn." + statistic, new long[] {out});
        }
    }
}
