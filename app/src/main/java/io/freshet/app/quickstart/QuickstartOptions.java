package io.freshet.app.quickstart;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a quickstart run does.
 *
 * @param runsDirectory where run directories are made
 * @param name of the run, or nothing for one made from the time
 * @param port of the Kafka broker, 0 for a free one
 * @param trainingArguments handed to {@code train}
 * @param evaluation how each checkpoint is judged
 * @param keepRunning whether to stay up afterwards
 */
public record QuickstartOptions(
        Path runsDirectory,
        Optional<String> name,
        int port,
        List<String> trainingArguments,
        Evaluation evaluation,
        boolean keepRunning) {
    public QuickstartOptions {
        trainingArguments = List.copyOf(trainingArguments);
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("The port is " + port + ": expected 1 to 65535, or 0 for a free one");
        }
    }

    /**
     * The images that each checkpoint is judged by.
     *
     * @param samples how many
     * @param steps denoising steps
     * @param guidance classifier-free guidance scale
     */
    public record Evaluation(long samples, int steps, double guidance) {}
}
