package io.freshet.diffusion.transport;

import io.freshet.diffusion.Sampler;

/**
 * How the probability flow is integrated.
 *
 * @param method which solver
 * @param steps of equal length, at least 1; SiT's code counts points, one more
 * @param reverse whether from data to noise
 */
public record OdeSettings(OdeMethod method, int steps, boolean reverse) {
    public OdeSettings {
        if (steps < 1) {
            throw new IllegalArgumentException("steps is " + steps + ": expected at least 1");
        }
    }

    /**
     * The sampler, over the interval that is usual for the transport.
     *
     * @throws IllegalArgumentException if the flow is not finite somewhere, saying where and what to do
     */
    public Sampler sampler(Transport transport) {
        return over(reverse ? transport.reverseOdeInterval() : transport.odeInterval(), transport);
    }

    /**
     * The sampler, over an interval of the caller's choice; {@link #reverse} is of no meaning then.
     *
     * @throws IllegalArgumentException if the flow is not finite somewhere, saying where and what to do
     */
    public Sampler over(Interval interval, Transport transport) {
        return new RungeKuttaSampler(transport, method, interval, steps);
    }
}
