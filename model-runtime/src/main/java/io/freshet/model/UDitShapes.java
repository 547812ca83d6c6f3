package io.freshet.model;

import io.freshet.model.UDitRecipe.Attention;
import io.freshet.model.UDitRecipe.Downsampler;
import io.freshet.model.UDitRecipe.FeedForward;
import io.freshet.model.UDitRecipe.Position;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Reads a U-DiT's configuration off the names and shapes of a state dict.
 *
 * <p>What leaves a trace there is read: channels, widths, depth, classes, sigma, the downsampler's layer, the attention's kind and,
 * if it is a cosine, its heads, the FFN's kind and ratio. What leaves none is taken from the paper's recipe: 32x32 inputs, a down
 * factor of 2 for all tokens, the shortcut, RoPE, the null label (one row of the label tables), and for plain attention heads of 24
 * channels. Every fact is that of most of the tensors that tell it, so that a tensor that is missing or of a wrong shape does not
 * lead astray.
 */
public final class UDitShapes {
    private static final UDitConfig PAPER = UDitConfig.small();

    private static final Pattern BLOCK = Pattern.compile("(" + String.join("|", UDitParameters.STAGES)
            + ")\\.(\\d{1,6})\\.((?:attn|mlp|adaLN_modulation)[12])\\.(.+)");
    private static final Pattern OTHER =
            Pattern.compile("(x_embedder\\.proj|[ty]_embedder_[123]|down1_2|down2_3|up3_2|up2_1"
                    + "|reduce_chan_level[12]|output|final_layer)\\..+");

    /** A tensor of a block, with what the width of its stage is a multiple of the hidden size by. */
    private record Part(int stage, int index, String module, String name, long[] shape) {
        int multiple() {
            return PAPER.width(stage) / PAPER.hiddenSize();
        }
    }

    private final Map<String, long[]> shapes;
    private final List<Part> parts = new ArrayList<>();

    private UDitShapes(Map<String, long[]> shapes) {
        this.shapes = shapes;
        shapes.forEach((name, shape) -> {
            Matcher block = BLOCK.matcher(name);
            if (block.matches()) {
                int stage = UDitParameters.STAGES.indexOf(block.group(1));
                parts.add(new Part(stage, Integer.parseInt(block.group(2)), block.group(3), block.group(4), shape));
            }
        });
    }

    /**
     * The configuration, or the nearest one where tensors are missing, too many, or of wrong shapes.
     *
     * @param shapes sizes by name, as in the original's state dict
     * @return empty if this is no U-DiT, or not a possible one
     */
    public static Optional<UDitConfig> config(Map<String, long[]> shapes) {
        long known = shapes.keySet().stream()
                .filter(name ->
                        BLOCK.matcher(name).matches() || OTHER.matcher(name).matches())
                .count();
        UDitShapes reader = new UDitShapes(shapes);
        if (2 * known < shapes.size() || reader.parts.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(reader.read());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private UDitConfig read() {
        int hiddenSize = hiddenSize();
        boolean cosine = inMostAttentions("logit_scale");
        int numHeads = cosine ? heads() : plainHeads(hiddenSize);
        Channels channels = channels();
        FeedForward feedForward = feedForward();
        UDitRecipe recipe = downsampler()
                .with(cosine ? Attention.COSINE : Attention.PLAIN)
                .with(hiddenSize % (4 * numHeads) == 0 ? Position.ROPE_2D : Position.NONE)
                .with(feedForward)
                .withSigma(channels.learnsSigma());
        return new UDitConfig(
                PAPER.inputSize(),
                channels.in(),
                hiddenSize,
                depth(),
                PAPER.downFactor(),
                numHeads,
                mlpRatio(hiddenSize, feedForward),
                Math.max(1, labelRows() - 1),
                recipe);
    }

    private int hiddenSize() {
        List<Integer> votes = new ArrayList<>();
        sizes("x_embedder.proj.bias", 0).forEach(votes::add);
        sizes("output.bias", 0).forEach(size -> votes.add(size / 2));
        for (int level = 0; level < 3; level++) {
            int multiple = 1 << level;
            sizes("t_embedder_" + (level + 1) + ".mlp.0.bias", 0).forEach(size -> votes.add(size / multiple));
            sizes("t_embedder_" + (level + 1) + ".mlp.2.bias", 0).forEach(size -> votes.add(size / multiple));
        }
        parts("to_out.bias").forEach(part -> votes.add(size(part.shape(), 0) / part.multiple()));
        return most(votes.stream(), PAPER.hiddenSize());
    }

    /** Blocks of each stage. */
    private List<Integer> depth() {
        return IntStream.range(0, UDitConfig.STAGES)
                .mapToObj(stage -> (int) parts.stream()
                        .filter(part -> part.stage() == stage)
                        .map(Part::index)
                        .distinct()
                        .count())
                .toList();
    }

    private int heads() {
        return Math.max(1, most(parts("logit_scale").map(part -> size(part.shape(), 0)), 1));
    }

    private static int plainHeads(int hiddenSize) {
        int heads = Math.max(1, hiddenSize * PAPER.numHeads() / PAPER.hiddenSize());
        while (heads > 1 && hiddenSize % (4 * heads) != 0) {
            heads--;
        }
        return heads;
    }

    private int labelRows() {
        Stream<Integer> rows = IntStream.rangeClosed(1, 3)
                .boxed()
                .flatMap(level -> sizes("y_embedder_" + level + ".embedding_table.weight", 0));
        return most(rows, PAPER.numClasses() + 1);
    }

    private record Channels(int in, boolean learnsSigma) {}

    /** What agrees best with the first and the last convolution. */
    private Channels channels() {
        List<Integer> in = sizes("x_embedder.proj.weight", 1).toList();
        List<Integer> out = Stream.concat(
                        sizes("final_layer.out_proj.weight", 0), sizes("final_layer.out_proj.bias", 0))
                .toList();
        Stream<Channels> candidates = Stream.concat(in.stream(), out.stream().flatMap(c -> Stream.of(c / 2, c)))
                .filter(c -> c >= 1)
                .flatMap(c -> Stream.of(new Channels(c, true), new Channels(c, false)));
        return best(
                candidates,
                c -> Collections.frequency(in, c.in())
                        + Collections.frequency(out, c.learnsSigma() ? 2 * c.in() : c.in()),
                new Channels(PAPER.inChannels(), true));
    }

    private UDitRecipe downsampler() {
        String weight = "downsampler.layer.weight";
        if (!inMostAttentions(weight)) {
            return UDitRecipe.PAPER.withPixelShuffle();
        }
        boolean dense = most(parts(weight).map(part -> size(part.shape(), 1) > 1), false);
        int kernel = most(parts(weight).map(part -> size(part.shape(), 2)), UDitRecipe.PAPER.downsamplerKernel());
        return UDitRecipe.PAPER.with(dense ? Downsampler.CONVOLUTION : Downsampler.DEPTHWISE, kernel, true);
    }

    private FeedForward feedForward() {
        Stream<FeedForward> votes =
                parts.stream().filter(part -> part.module().startsWith("mlp")).map(part -> feedForward(part.name()));
        return most(votes, UDitRecipe.PAPER.feedForward());
    }

    private static FeedForward feedForward(String name) {
        if (name.startsWith("fc")) {
            return FeedForward.BASIC;
        }
        boolean one = name.matches("(project_in|dwconv|project_out)\\.(weight|bias)");
        return one ? FeedForward.DEPTHWISE : FeedForward.REPARAMETRISED;
    }

    /** The roundest number that gives the hidden channels of most FFNs, which were rounded down. */
    private double mlpRatio(int hiddenSize, FeedForward feedForward) {
        String bias = switch (feedForward) {
            case BASIC -> "fc1.bias";
            case DEPTHWISE -> "project_in.bias";
            case REPARAMETRISED -> "project_in.1.bias";
        };
        List<Part> hidden = parts(bias).toList();
        List<Double> candidates = new ArrayList<>();
        for (double roundness : new double[] {1, 10, 100}) {
            hidden.forEach(part -> candidates.add(Math.ceil(ratio(part, hiddenSize) * roundness) / roundness));
        }
        hidden.forEach(part -> candidates.add(Math.nextUp(ratio(part, hiddenSize))));
        return best(
                candidates.stream(),
                ratio -> (int) hidden.stream()
                        .filter(part -> (int) (part.multiple() * hiddenSize * ratio) == size(part.shape(), 0))
                        .count(),
                PAPER.mlpRatio());
    }

    private static double ratio(Part part, int hiddenSize) {
        return size(part.shape(), 0) / (double) (part.multiple() * hiddenSize);
    }

    private boolean inMostAttentions(String name) {
        return 2 * parts(name).count() >= Math.max(1, parts("to_out.bias").count());
    }

    private Stream<Part> parts(String name) {
        return parts.stream().filter(part -> part.name().equals(name));
    }

    /** One size of a tensor, or none if there is no such tensor. */
    private Stream<Integer> sizes(String name, int axis) {
        long[] shape = shapes.get(name);
        return shape == null ? Stream.of() : Stream.of(size(shape, axis));
    }

    private static int size(long[] shape, int axis) {
        return axis < shape.length && shape[axis] <= Integer.MAX_VALUE ? (int) shape[axis] : 0;
    }

    /** What there is most of; the first of equals. */
    private static <T> T most(Stream<T> votes, T otherwise) {
        List<T> all = votes.toList();
        return best(all.stream(), vote -> Collections.frequency(all, vote), otherwise);
    }

    /** What scores highest; the first of equals. */
    private static <T> T best(Stream<T> candidates, Function<T, Integer> score, T otherwise) {
        return candidates
                .distinct()
                .sorted(Comparator.comparing(score).reversed())
                .findFirst()
                .orElse(otherwise);
    }
}
