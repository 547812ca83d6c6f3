package io.freshet.app.chaos;

import io.freshet.schemas.avro.GenerationRequest;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Requests of every sort that a network which predicts noise can serve, seeded. After some their settings come again under other ids,
 * so that an undisturbed run of them takes a bounded time. Immutable.
 */
final class ChaosRequests {
    /** How many different ones there are. */
    static final int DIFFERENT = 48;

    private static final List<String> SAMPLERS =
            List.of("ddim", "ddpm", "dpmpp-2m", "dpmpp-2m-sde", "unipc", "ddim", "ddpm");
    private static final int LARGE_EVERY = 12;

    private final long seed;
    private final String prefix;
    private final List<String> classes;

    /**
     * @param seed of all of them
     * @param prefix of their ids
     * @param classes of the model
     */
    ChaosRequests(long seed, String prefix, List<String> classes) {
        this.seed = seed;
        this.prefix = prefix;
        this.classes = List.copyOf(classes);
    }

    /** The n-th request. */
    GenerationRequest request(int n) {
        int which = n % DIFFERENT;
        SplittableRandom random = new SplittableRandom(seed * DIFFERENT + which);
        String sampler = SAMPLERS.get(which % SAMPLERS.size());
        boolean guided = random.nextInt(3) == 0;
        boolean cached = random.nextInt(6) == 0;
        List<String> wanted = random.nextBoolean() ? List.of() : List.of(classes.get(random.nextInt(classes.size())));
        return GenerationRequest.newBuilder()
                .setRequestId(prefix + n)
                .setCount(which % LARGE_EVERY == LARGE_EVERY - 1 ? 40 : 1 + random.nextInt(8))
                .setSeed(random.nextLong(1, Long.MAX_VALUE))
                .setClasses(wanted)
                .setSampler(sampler)
                .setSteps(10 + random.nextInt(60))
                .setEta(sampler.equals("ddim") && random.nextBoolean() ? 0.7 : 0)
                .setGuidance(guided ? 2.5 : 1)
                .setGuidanceMaxNoise(guided && random.nextBoolean() ? 3.0 : null)
                .setFeatureCache(cached ? 3 : 1)
                .setCheckpoint(random.nextInt(4) == 0 ? "step:1" : "latest")
                .build();
    }
}
