package io.freshet.app.cluster;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/** Looks again and again until something holds. Stateless. */
public final class Poll {
    private static final Duration PAUSE = Duration.ofMillis(50);

    /** Something that will hold one day. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws IOException, InterruptedException;
    }

    private Poll() {}

    /**
     * Waits until a condition holds.
     *
     * @param what is waited for, as it follows 'Waited for'
     * @param patience how long at most
     * @throws TimeoutException if it does not hold by then
     */
    public static void until(String what, Duration patience, Condition condition)
            throws IOException, InterruptedException, TimeoutException {
        long start = System.nanoTime();
        while (!condition.holds()) {
            if (System.nanoTime() - start > patience.toNanos()) {
                throw new TimeoutException("Waited for " + what + " for " + patience.toSeconds() + " s in vain");
            }
            pause(PAUSE);
        }
    }

    /** Lets time pass. */
    public static void pause(Duration time) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
            if (Thread.interrupted()) {
                throw new InterruptedException("Waiting was stopped");
            }
        }
    }
}
