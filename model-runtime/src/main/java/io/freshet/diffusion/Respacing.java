package io.freshet.diffusion;

import java.util.Arrays;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Which steps of the training schedule a sampler visits (Nichol and Dhariwal 2021, section 4).
 *
 * <p>Four notations:
 *
 * <ul>
 *   <li>{@code "N"}: N steps spread evenly, the first and the last included.
 *   <li>{@code "N1,N2,..."}: the schedule cut into as many sections of (nearly) the same length, with so many steps in each;
 *       shorter sections come last.
 *   <li>{@code "ddimN"}: the steps 0, s, 2s, ... for the smallest integer stride s that yields exactly N (Song et al. 2021).
 *   <li>{@code "quadN"}: N steps whose square roots are spread evenly, the first and the last included, so that they are denser where
 *       there is little noise (Song et al. 2021, appendix D.2); where two would meet, each takes the next free one.
 * </ul>
 */
public final class Respacing {
    private static final String DDIM_PREFIX = "ddim";
    private static final String QUADRATIC_PREFIX = "quad";

    private Respacing() {}

    /**
     * The steps that a notation selects.
     *
     * @param trainingSteps length of the training schedule
     * @param notation as above; blank selects all steps
     * @return indices into the training schedule, ascending, at least one
     * @throws IllegalArgumentException if the notation cannot be read, or asks for more steps than there are
     */
    public static int[] timesteps(int trainingSteps, String notation) {
        if (trainingSteps < 1) {
            throw new IllegalArgumentException(
                    "A training schedule of " + trainingSteps + " steps: expected at least 1");
        }
        String trimmed = notation.trim();
        if (trimmed.isEmpty()) {
            return IntStream.range(0, trainingSteps).toArray();
        }
        if (trimmed.startsWith(DDIM_PREFIX)) {
            return strided(trainingSteps, count(trimmed.substring(DDIM_PREFIX.length()), notation), notation);
        }
        if (trimmed.startsWith(QUADRATIC_PREFIX)) {
            return quadratic(trainingSteps, count(trimmed.substring(QUADRATIC_PREFIX.length()), notation), notation);
        }
        int[] counts = Arrays.stream(trimmed.split(",", -1))
                .mapToInt(part -> count(part, notation))
                .toArray();
        return sections(trainingSteps, counts);
    }

    /**
     * The steps of a schedule cut into sections, so many from each.
     *
     * @param trainingSteps length of the training schedule
     * @param counts steps per section, 0 allowed as long as one is not
     * @return indices into the training schedule, ascending, at least one
     * @throws IllegalArgumentException if a section has fewer steps than are asked of it
     */
    public static int[] sections(int trainingSteps, int... counts) {
        if (counts.length == 0 || Arrays.stream(counts).allMatch(count -> count == 0)) {
            throw new IllegalArgumentException(
                    "Respacing " + Arrays.toString(counts) + " selects no step: expected at least one");
        }
        NavigableSet<Integer> steps = new TreeSet<>();
        int start = 0;
        for (int section = 0; section < counts.length; section++) {
            int size = trainingSteps / counts.length + (section < trainingSteps % counts.length ? 1 : 0);
            int count = counts[section];
            if (count < 0 || count > size) {
                throw new IllegalArgumentException("Respacing " + Arrays.toString(counts) + " of " + trainingSteps
                        + " steps asks for " + count + " steps of section " + section + ", which has " + size
                        + ": expected 0 to " + size);
            }
            double stride = count <= 1 ? 1 : (size - 1) / (double) (count - 1);
            // Summed rather than multiplied, and rounded half to even, as the original does: both decide which step is
            // met.
            double position = 0;
            for (int i = 0; i < count; i++) {
                steps.add(start + (int) StrictMath.rint(position));
                position += stride;
            }
            start += size;
        }
        return steps.stream().mapToInt(Integer::intValue).toArray();
    }

    private static int[] strided(int trainingSteps, int count, String notation) {
        for (int stride = 1; stride < trainingSteps; stride++) {
            if ((trainingSteps + stride - 1) / stride == count) {
                int chosen = stride;
                return IntStream.range(0, count).map(i -> i * chosen).toArray();
            }
        }
        throw new IllegalArgumentException("Respacing '" + notation + "': no integer stride takes exactly " + count
                + " of " + trainingSteps + " steps; expected a divisor of " + trainingSteps
                + " above 1, or the notation '" + count + "' for steps spread evenly");
    }

    /** A single step is the last one, where sampling begins. */
    private static int[] quadratic(int trainingSteps, int count, String notation) {
        if (count < 1 || count > trainingSteps) {
            throw new IllegalArgumentException("Respacing '" + notation + "' asks for " + count + " of " + trainingSteps
                    + " steps: expected 1 to " + trainingSteps);
        }
        int last = trainingSteps - 1;
        if (count == 1) {
            return new int[] {last};
        }
        int[] steps = new int[count];
        for (int i = 0; i < count; i++) {
            double root = i / (double) (count - 1);
            int even = (int) StrictMath.rint(last * root * root);
            steps[i] = i == 0 ? even : Math.max(even, steps[i - 1] + 1);
        }
        return steps;
    }

    private static int count(String text, String notation) {
        try {
            return Integer.parseInt(text.trim());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "Respacing '" + notation + "': '" + text
                            + "' is not a number of steps; expected 'N', 'N1,N2,...', 'ddimN' or 'quadN'",
                    e);
        }
    }
}
