package io.freshet.app.local;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * One line of a trainer's progress for programs ({@code train --progress json}).
 *
 * @param step optimizer steps taken
 * @param totalSteps steps to take
 * @param loss mean loss of the last steps
 * @param stepsPerSecond speed of the last steps
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record TrainingLine(long step, long totalSteps, double loss, double stepsPerSecond) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** As one line, without its end. */
    public String format() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Four numbers have a JSON form", e);
        }
    }

    /**
     * Reads a line.
     *
     * @throws IllegalArgumentException if it is not one
     */
    public static TrainingLine parse(String line) {
        try {
            return JSON.readValue(line, TrainingLine.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("Not a line of training progress: " + line, e);
        }
    }
}
