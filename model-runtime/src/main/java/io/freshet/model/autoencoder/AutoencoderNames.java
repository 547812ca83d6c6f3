package io.freshet.model.autoencoder;

import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The names that an autoencoder's weights have gone by. Canonical are those of diffusers 0.17 and later, as in
 * {@link AutoencoderParameters}. Known besides:
 *
 * <ul>
 *   <li>diffusers before 0.17, in which {@code sd-vae-ft-ema} and {@code sd-vae-ft-mse} were published: {@code query}, {@code key},
 *       {@code value} and {@code proj_attn} in attentions.
 *   <li>The original code of latent diffusion (CompVis): {@code down.0.block.1}, {@code mid.attn_1.q}, {@code nin_shortcut},
 *       {@code norm_out}; its decoder counts levels from full resolution down, and its attention's projections are 1x1
 *       convolutions. In checkpoints of a whole diffusion model all of them begin with {@code first_stage_model.}; what does not is
 *       left out then.
 * </ul>
 */
public final class AutoencoderNames {
    private static final String FIRST_STAGE = "first_stage_model.";
    private static final Pattern DECODER_LEVEL = Pattern.compile("decoder\\.up\\.(\\d{1,3})\\.(.*)");

    private record Rule(Pattern pattern, String replacement) {
        Rule(String pattern, String replacement) {
            this(Pattern.compile(pattern), replacement);
        }
    }

    /** Applied in turn to a name that has a level's number already turned. */
    private static final List<Rule> RULES = List.of(
            new Rule("^encoder\\.down\\.(\\d+)\\.", "encoder.down_blocks.$1."),
            new Rule("^((?:en|de)coder\\.(?:down|up)_blocks\\.\\d+)\\.block\\.", "$1.resnets."),
            new Rule("\\.downsample\\.conv\\.", ".downsamplers.0.conv."),
            new Rule("\\.upsample\\.conv\\.", ".upsamplers.0.conv."),
            new Rule("\\.nin_shortcut\\.", ".conv_shortcut."),
            new Rule("^((?:en|de)coder)\\.norm_out\\.", "$1.conv_norm_out."),
            new Rule("\\.mid\\.block_1\\.", ".mid_block.resnets.0."),
            new Rule("\\.mid\\.block_2\\.", ".mid_block.resnets.1."),
            new Rule("\\.mid\\.attn_1\\.norm\\.", ".mid_block.attentions.0.group_norm."),
            new Rule("\\.mid\\.attn_1\\.", ".mid_block.attentions.0."),
            new Rule("(\\.attentions\\.\\d+)\\.(?:q|query)\\.", "$1.to_q."),
            new Rule("(\\.attentions\\.\\d+)\\.(?:k|key)\\.", "$1.to_k."),
            new Rule("(\\.attentions\\.\\d+)\\.(?:v|value)\\.", "$1.to_v."),
            new Rule("(\\.attentions\\.\\d+)\\.(?:proj_out|proj_attn)\\.", "$1.to_out.0."));

    private AutoencoderNames() {}

    /**
     * Renames weights, and views 1x1 convolutions as matrices where the canonical form has those. Names that are not known stay as
     * they are; nothing is copied.
     *
     * @param weights in any of the layouts
     * @return by canonical names, in the order given
     * @throws IllegalArgumentException if two weights have the same canonical name
     */
    public static Map<String, Tensor> canonical(AutoencoderConfig config, Map<String, Tensor> weights) {
        Map<String, long[]> shapes = AutoencoderParameters.of(config);
        boolean ofWholeModel = weights.keySet().stream().anyMatch(name -> name.startsWith(FIRST_STAGE));
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        weights.forEach((name, tensor) -> {
            if (!ofWholeModel || name.startsWith(FIRST_STAGE)) {
                String canonical = canonical(config, ofWholeModel ? name.substring(FIRST_STAGE.length()) : name);
                if (renamed.put(canonical, inShape(tensor, shapes.get(canonical))) != null) {
                    throw new IllegalArgumentException("'" + name + "' is another name of '" + canonical
                            + "', which is there too: expected weights in one layout");
                }
            }
        });
        return renamed;
    }

    private static String canonical(AutoencoderConfig config, String name) {
        Matcher level = DECODER_LEVEL.matcher(name);
        String canonical = name;
        int block = level.matches() ? config.levels() - 1 - Integer.parseInt(level.group(1)) : -1;
        if (block >= 0) {
            canonical = "decoder.up_blocks." + block + "." + level.group(2);
        }
        for (Rule rule : RULES) {
            canonical = rule.pattern().matcher(canonical).replaceFirst(rule.replacement());
        }
        return canonical;
    }

    private static Tensor inShape(Tensor tensor, long @Nullable [] expected) {
        List<Long> shape = tensor.shape();
        boolean pointwise = shape.size() == 4 && shape.get(2) == 1 && shape.get(3) == 1;
        return expected != null && expected.length == 2 && pointwise
                ? new Tensor(tensor.dtype(), shape.subList(0, 2), tensor.data())
                : tensor;
    }
}
