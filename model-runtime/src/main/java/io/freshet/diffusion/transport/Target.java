package io.freshet.diffusion.transport;

/**
 * What a network along a path was trained to predict, and how the velocity, the score and the noise follow from it (SiT, arXiv
 * 2401.08740, section 2.2). All of these networks take the time t as it is, 0 at noise and 1 at data.
 */
public enum Target {
    /** v = α' x_1 + σ' x_0 in expectation over the paths through x_t: SiT as it was published. */
    VELOCITY {
        @Override
        public Combination velocity(Interpolant path, double t) {
            return Combination.OUTPUT;
        }

        @Override
        public Combination score(Interpolant path, double t) {
            double divisor = path.scoreDivisor(t);
            return new Combination(-path.alphaRate(t) / divisor, path.alpha(t) / divisor);
        }

        @Override
        public Combination noise(Interpolant path, double t) {
            double divisor = path.alphaRate(t) * path.sigma(t) - path.alpha(t) * path.sigmaRate(t);
            return new Combination(path.alphaRate(t) / divisor, -path.alpha(t) / divisor);
        }
    },
    /** ε, the x_0 in x_t. */
    NOISE {
        @Override
        public Combination velocity(Interpolant path, double t) {
            return new Combination(path.alphaLogRate(t), path.lambda(t));
        }

        @Override
        public Combination score(Interpolant path, double t) {
            return new Combination(0, -1 / path.sigma(t));
        }

        @Override
        public Combination noise(Interpolant path, double t) {
            return Combination.OUTPUT;
        }
    },
    /** s = ∇ log p_t(x_t), the score of the density of x_t. */
    SCORE {
        @Override
        public Combination velocity(Interpolant path, double t) {
            return new Combination(path.alphaLogRate(t), path.scoreWeight(t));
        }

        @Override
        public Combination score(Interpolant path, double t) {
            return Combination.OUTPUT;
        }

        @Override
        public Combination noise(Interpolant path, double t) {
            return new Combination(0, -path.sigma(t));
        }
    };

    /** v, the drift of the probability flow dx = v dt. Not finite where the path has none. */
    public abstract Combination velocity(Interpolant path, double t);

    /** s = (α v − α' x) / (σ (α' σ − α σ')) = −ε/σ. Not finite where the path has none. */
    public abstract Combination score(Interpolant path, double t);

    /** ε = (α' x − α v) / (α' σ − α σ') = −σ s. Not finite where the path has none. */
    public abstract Combination noise(Interpolant path, double t);
}
