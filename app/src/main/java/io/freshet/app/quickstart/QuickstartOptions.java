package io.freshet.app.quickstart;

import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.script.TorchDevice;
import java.util.List;

/**
 * What a quickstart run does.
 *
 * @param port of the Kafka broker, 0 for a free one
 * @param mainClass main class of the command line, which has a {@code train}
 * @param trainingArguments handed to {@code train}
 * @param evaluation how each checkpoint is judged
 * @param device where the job draws its images; training is on the CPU
 * @param precision that the job draws its images in, unless a request asks for another
 * @param keepRunning whether to stay up afterwards
 */
public record QuickstartOptions(
        int port,
        String mainClass,
        List<String> trainingArguments,
        Evaluation evaluation,
        TorchDevice device,
        Precision precision,
        boolean keepRunning) {
    public QuickstartOptions {
        trainingArguments = List.copyOf(trainingArguments);
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("The port is " + port + ": expected 1 to 65535, or 0 for a free one");
        }
    }

    /**
     * The images that each checkpoint is judged by: always from the same seed, so that checkpoints are compared on common
     * random numbers.
     *
     * @param samples how many, over all classes in turn
     * @param seed the same for all checkpoints
     * @param sampler its name on the wire
     * @param steps denoising steps
     * @param eta DDIM's eta
     * @param guidance classifier-free guidance scale
     */
    public record Evaluation(long samples, long seed, String sampler, int steps, double eta, double guidance) {
        public Evaluation {
            if (samples < 20) {
                throw new IllegalArgumentException(
                        "A checkpoint is to be judged by " + samples + " images: expected at least 20");
            }
            new SamplerSettings(SamplerKind.fromWireName(sampler), steps, eta, guidance);
        }
    }
}
