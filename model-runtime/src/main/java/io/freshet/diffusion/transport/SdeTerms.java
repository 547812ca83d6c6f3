package io.freshet.diffusion.transport;

/** The terms of dx = (v + D s) dt + √(2 D) dW at the times of a sampler, for one transport and one choice of settings. */
final class SdeTerms {
    private final Transport transport;
    private final SdeSettings settings;
    private final Interval interval;

    SdeTerms(Transport transport, SdeSettings settings) {
        this.transport = transport;
        this.settings = settings;
        this.interval = transport.sdeInterval(
                settings.diffusion().form(), settings.lastStep().size());
        if (interval.start() >= interval.end()) {
            throw new IllegalArgumentException(
                    "a last step of " + settings.lastStep().size() + " leaves times from " + interval.start() + " to "
                            + interval.end() + ": choose a smaller one");
        }
    }

    int steps() {
        return settings.steps();
    }

    /** The time after i steps. */
    double time(int i) {
        return interval.at(i, steps());
    }

    /** Length of a step. */
    double step() {
        return interval.step(steps());
    }

    boolean hasLastStep() {
        return settings.lastStep().kind() != LastStep.Kind.NONE;
    }

    /** v + D s, which is v − (D/σ) ε: at an end of the path only one of the two may be finite. */
    Combination drift(double t) {
        Interpolant path = transport.path();
        Target target = transport.target();
        Diffusion diffusion = settings.diffusion();
        Combination velocity = target.velocity(path, t);
        Combination byScore = velocity.plus(diffusion.coefficient(path, t), target.score(path, t));
        return byScore.isFinite()
                ? byScore
                : finite(
                        velocity.plus(-diffusion.form().perSigma(path, t, diffusion.norm()), target.noise(path, t)), t);
    }

    /** √(2 D h): how much noise the step from a time adds. */
    float noiseScale(double t) {
        double diffusion = settings.diffusion().coefficient(transport.path(), t);
        return (float) StrictMath.sqrt(2 * diffusion * step());
    }

    /** The sample, from where the steps end. */
    Combination lastStep() {
        Combination here = new Combination(1, 0);
        double end = interval.end();
        Interpolant path = transport.path();
        Target target = transport.target();
        double size = settings.lastStep().size();
        return finite(
                switch (settings.lastStep().kind()) {
                    case NONE -> here;
                    case MEAN -> here.plus(size, drift(end));
                    case EULER -> here.plus(size, target.velocity(path, end));
                    case TWEEDIE ->
                        here.plus(path.sigma(end) * path.sigma(end), target.score(path, end))
                                .times(1 / path.alpha(end));
                },
                end);
    }

    private Combination finite(Combination terms, double t) {
        String remedy = t < 0.5
                ? "start later, with a sampling epsilon above 0, or choose a diffusion form that is finite there, such as SIGMA"
                : "end earlier, with a last step or a sampling epsilon above 0";
        return terms.requireFinite(
                "The " + settings.diffusion().form() + " diffusion along " + transport.path() + " that follows from "
                        + transport.target(),
                t,
                remedy);
    }
}
