package io.freshet.training;

/**
 * Where a run stands.
 *
 * @param step optimizer steps taken
 * @param totalSteps steps to take
 * @param loss moving average of the last steps' losses
 * @param stepsPerSecond moving average of the last steps' speed
 */
public record TrainingProgress(long step, long totalSteps, double loss, double stepsPerSecond) {}
