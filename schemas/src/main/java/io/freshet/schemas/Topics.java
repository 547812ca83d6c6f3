package io.freshet.schemas;

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

    /** Generation requests, from clients. */
    public String requests() {
        return prefix + ".requests";
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

    /** Where each request stands. */
    public String status() {
        return prefix + ".status";
    }

    /** Fréchet distances. */
    public String metrics() {
        return prefix + ".metrics";
    }
}
