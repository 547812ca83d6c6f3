package io.freshet.diffusion.transport;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The shape over time of the noise that a stochastic sampler adds; it may be chosen after training (SiT, arXiv 2401.08740, section
 * 2.4). The value D is half of the paper's w_t: dx = (v + D s) dt + √(2 D) dW.
 */
public enum DiffusionForm {
    /** D = κ. */
    CONSTANT {
        @Override
        double at(Interpolant path, double t, double norm) {
            return norm;
        }
    },
    /** D = −κ λ_t σ_t, which with κ = 1 reverses the forward process of score-based diffusion. Infinite where α is 0. */
    SBDM {
        @Override
        double at(Interpolant path, double t, double norm) {
            return norm * path.scoreWeight(t);
        }
    },
    /** D = κ σ_t. */
    SIGMA {
        @Override
        double at(Interpolant path, double t, double norm) {
            return norm * path.sigma(t);
        }

        @Override
        double perSigma(Interpolant path, double t, double norm) {
            return norm;
        }
    },
    /** D = κ (1 − t). */
    LINEAR {
        @Override
        double at(Interpolant path, double t, double norm) {
            return norm * (1 - t);
        }
    },
    /** D = ¼ (κ cos πt + 1)². */
    DECREASING {
        @Override
        double at(Interpolant path, double t, double norm) {
            double swing = norm * StrictMath.cos(Math.PI * t) + 1;
            return 0.25 * swing * swing;
        }
    },
    /** D = κ sin² πt. */
    INCREASING_DECREASING {
        @Override
        double at(Interpolant path, double t, double norm) {
            double sine = StrictMath.sin(Math.PI * t);
            return norm * sine * sine;
        }

        @Override
        double perSigma(Interpolant path, double t, double norm) {
            return path.sigma(t) == 0 ? 0 : super.perSigma(path, t, norm); // it vanishes faster than σ
        }
    };

    abstract double at(Interpolant path, double t, double norm);

    /** D/σ, by which the predicted noise counts in the drift; where σ is 0, it may be all there is. */
    double perSigma(Interpolant path, double t, double norm) {
        return at(path, t, norm) / path.sigma(t);
    }

    /** The name of SiT's command line: "constant", "SBDM", "sigma", "linear", "decreasing" or "increasing-decreasing". */
    public String wireName() {
        return this == SBDM ? name() : name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Reads a {@link #wireName}.
     *
     * @throws IllegalArgumentException naming the forms there are
     */
    public static DiffusionForm fromWireName(String name) {
        for (DiffusionForm form : values()) {
            if (form.wireName().equals(name)) {
                return form;
            }
        }
        String known = Arrays.stream(values()).map(DiffusionForm::wireName).collect(Collectors.joining("', '"));
        throw new IllegalArgumentException("diffusion form is '" + name + "': expected one of '" + known + "'");
    }
}
