package io.freshet.app.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.training.TrainingProgress;

/** A trainer's progress for programs: a JSON object on a line of its own ({@code train --progress json}). */
public final class TrainingLines {
    private static final ObjectMapper JSON = new ObjectMapper();

    private TrainingLines() {}

    /** As a line, without its end. */
    public static String format(TrainingProgress progress) {
        try {
            return JSON.writeValueAsString(progress);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Numbers have a JSON form", e);
        }
    }

    /**
     * Reads a line.
     *
     * @throws IllegalArgumentException if it is not one
     */
    public static TrainingProgress parse(String line) {
        try {
            return JSON.readValue(line, TrainingProgress.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("Not a line of training progress: " + line, e);
        }
    }
}
