package io.freshet.app.conformance;

import io.freshet.script.TorchDevice;

/** Repeats what the original code did for one kind of fixture, and compares. */
@FunctionalInterface
public interface FixtureRunner {
    /**
     * Runs a fixture.
     *
     * @param device where networks run
     * @param checks takes the comparisons
     * @throws Exception if the fixture cannot be run, which counts as a failure
     */
    void run(Fixture fixture, TorchDevice device, Checks checks) throws Exception;
}
