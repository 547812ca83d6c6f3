package io.freshet.app.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One request of one image.
 *
 * @param seconds when it comes
 * @param steps denoising steps
 * @param guided whether each step takes two network rows rather than one
 */
record Arrival(double seconds, int steps, boolean guided) {
    /** Requests of so many steps and fewer are interactive: they go before the others. */
    static final int INTERACTIVE_STEPS = 25;

    /** Equally likely. */
    private static final List<Integer> STEPS = List.of(10, 10, 20, 25, 25, 50, 50, 100, 100, 250);

    /** Network rows of all steps together, on average: half of the requests are guided. */
    static double meanRowSteps() {
        return 1.5 * STEPS.stream().mapToInt(Integer::intValue).average().orElseThrow();
    }

    /**
     * Arrivals of a Poisson process.
     *
     * @param perSecond how many on average
     */
    static List<Arrival> poisson(int count, double perSecond, long seed) {
        Random random = new Random(seed);
        List<Arrival> arrivals = new ArrayList<>();
        double now = 0;
        for (int i = 0; i < count; i++) {
            now -= Math.log(1 - random.nextDouble()) / perSecond;
            arrivals.add(new Arrival(now, STEPS.get(random.nextInt(STEPS.size())), random.nextBoolean()));
        }
        return arrivals;
    }

    boolean interactive() {
        return steps <= INTERACTIVE_STEPS;
    }

    int networkRows() {
        return guided ? 2 : 1;
    }
}
