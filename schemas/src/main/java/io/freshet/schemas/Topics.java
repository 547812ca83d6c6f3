package io.freshet.schemas;

import io.freshet.schemas.avro.RequestClass;
import java.util.ArrayList;
import java.util.List;

/**
 * Names of the Kafka topics of one deployment, all under one prefix.
 *
 * @param prefix common prefix, such as {@code freshet}
 */
public record Topics(String prefix) {
    /** The topics as every tool expects them unless told otherwise. */
    public static final Topics DEFAULT = new Topics("freshet");

    public Topics {
        if (!prefix.matches("[a-zA-Z0-9._-]{1,100}")) {
            throw new IllegalArgumentException("Topic prefix '" + prefix
                    + "' is not usable: expected 1 to 100 letters, digits, '.', '_' or '-', such as 'freshet'");
        }
    }

    /** Generation requests of class {@link RequestClass#INTERACTIVE}, from clients. */
    public String requests() {
        return requests(RequestClass.INTERACTIVE);
    }

    /** Generation requests of one class, from clients. */
    public String requests(RequestClass requestClass) {
        return switch (requestClass) {
            case INTERACTIVE -> prefix + ".requests";
            case EVALUATION -> prefix + ".requests.evaluation";
            case BULK -> prefix + ".requests.bulk";
        };
    }

    /** Commands to the job, from operators. */
    public String control() {
        return prefix + ".control";
    }

    /** Messages that were refused, as they came, with the reason in their headers. */
    public String deadLetters() {
        return prefix + ".requests.dlq";
    }

    /** Checkpoint announcements, from trainers. */
    public String checkpoints() {
        return prefix + ".checkpoints";
    }

    /** What became of each announced checkpoint. */
    public String checkpointEvents() {
        return prefix + ".checkpoint-events";
    }

    /** Generated images. */
    public String images() {
        return prefix + ".images";
    }

    /** Samples that are not finished, as they stand. */
    public String previews() {
        return prefix + ".previews";
    }

    /** Where each request stands. */
    public String status() {
        return prefix + ".status";
    }

    /** Images of any generator, to be judged. */
    public String candidateImages() {
        return prefix + ".candidate-images";
    }

    /** Fréchet distances. */
    public String metrics() {
        return prefix + ".metrics";
    }

    /** All of them. */
    public List<String> all() {
        List<String> names = new ArrayList<>();
        for (RequestClass requestClass : RequestClass.values()) {
            names.add(requests(requestClass));
        }
        names.addAll(List.of(
                deadLetters(),
                control(),
                checkpoints(),
                checkpointEvents(),
                images(),
                previews(),
                status(),
                candidateImages(),
                metrics()));
        return names;
    }
}
