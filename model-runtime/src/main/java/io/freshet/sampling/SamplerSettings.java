package io.freshet.sampling;

/**
 * How a sample is drawn; with the checkpoint, the seed, the index and the label it determines every bit of the image.
 *
 * @param kind which sampler
 * @param steps steps of the sampler, 1 to 1000; how often they evaluate the network is up to it
 * @param eta DDIM's eta in [0, 1]; ignored by the others
 * @param guidance classifier-free guidance
 * @param inference how the network is evaluated
 */
public record SamplerSettings(SamplerKind kind, int steps, double eta, Guidance guidance, Inference inference) {
    /** Length of the linear schedule that noise is predicted along, and so the most steps that a sampler can take. */
    public static final int TRAINING_STEPS = 1000;

    public SamplerSettings {
        if (steps < 1 || steps > TRAINING_STEPS) {
            throw new IllegalArgumentException("steps is " + steps + ": expected 1 to " + TRAINING_STEPS);
        }
        if (!(eta >= 0 && eta <= 1)) {
            throw new IllegalArgumentException("eta is " + eta + ": expected a number from 0 to 1");
        }
    }

    /** Of a network that is evaluated {@link Inference#EXACT exactly}. */
    public SamplerSettings(SamplerKind kind, int steps, double eta, Guidance guidance) {
        this(kind, steps, eta, guidance, Inference.EXACT);
    }

    /** The same with a network that is evaluated in another way. */
    public SamplerSettings with(Inference other) {
        return new SamplerSettings(kind, steps, eta, guidance, other);
    }

    /** With guidance {@link Guidance#asPublished as published}, of a scale from 1 (off) to 20. */
    public SamplerSettings(SamplerKind kind, int steps, double eta, double guidance) {
        this(kind, steps, eta, Guidance.asPublished(guidance));
    }

    /**
     * Places that a sample takes in an engine: network rows for the conditional and the unconditional prediction where it is guided,
     * even if only at some noise levels.
     */
    public int places() {
        return guidance.isOn() ? 2 : 1;
    }

    /**
     * Which steps of the training schedule are visited, in the notation of {@link io.freshet.diffusion.Respacing}.
     *
     * <ul>
     *   <li>DDIM takes them at an integer stride ("ddimN") where N divides {@value #TRAINING_STEPS}, as its authors did; where it does
     *       not, and for DDPM, they are spread evenly ("N").
     *   <li>The solvers of higher order take them quadratically ("quadN"). They need steps that are not too unequal in log-SNR.
     *       Of twenty even ones the last covers nearly a third of the whole range. Steps that are even in log-SNR are better still
     *       from twenty on, but worse under guidance with ten and less.
     * </ul>
     *
     * @throws IllegalStateException if the sampler goes along a flow, which knows no such schedule
     */
    public String respacing() {
        return switch (kind) {
            case DDPM -> Integer.toString(steps);
            case DDIM -> (steps > 1 && TRAINING_STEPS % steps == 0 ? "ddim" : "") + steps;
            case DPMPP_2M, DPMPP_2M_SDE, UNIPC -> "quad" + steps;
            case FLOW_EULER, FLOW_HEUN, FLOW_MIDPOINT, FLOW_RK4, FLOW_SDE, FLOW_SDE_HEUN ->
                throw new IllegalStateException("'" + kind.wireName() + "' visits times, not steps of a schedule");
        };
    }
}
