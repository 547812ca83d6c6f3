package io.freshet.app.cluster;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one job running on a cluster whose JobManager has no high availability, as an operator would: a JobManager that comes back
 * after it has died knows of no job, and is given it again, to go on from the newest checkpoint that is whole. Where a job cannot be
 * restored because the newest one is damaged, it goes on from the one before. Failures of TaskManagers are Flink's own affair.
 *
 * <p>It never goes on from an older checkpoint for another reason: what the newest one covers is delivered already.
 *
 * <p>Owns a thread, which looks at the job several times a second. Thread-safe.
 */
public final class JobSupervisor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobSupervisor.class);
    private static final Duration LOOK_EVERY = Duration.ofMillis(200);
    private static final Duration END_WITHIN = Duration.ofSeconds(30);

    /** After so many restarts without a checkpoint between them, the state is looked at. */
    private static final int RESTORE_ATTEMPTS = 3;

    private final JobSubmission submission;
    private final FlinkRest rest;
    private final RetainedCheckpoints states;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private int parallelism;
    private volatile @Nullable JobID job;
    private long restartsAtProgress;
    private long completedAtProgress;
    private volatile int submissions;

    /**
     * A supervisor of a job that is not submitted yet.
     *
     * @param parallelism to begin with
     */
    public JobSupervisor(JobSubmission submission, int parallelism) {
        this.submission = submission;
        this.rest = submission.cluster().rest();
        this.states = new RetainedCheckpoints(
                submission.cluster().checkpoints(), submission.cluster().savepoints());
        this.parallelism = parallelism;
        this.thread = new Thread(this::supervise, "job supervisor");
        thread.setDaemon(true);
    }

    /**
     * Submits the job and looks after it from now on.
     *
     * @throws IOException if it cannot be submitted this first time
     */
    public void start() throws IOException, InterruptedException {
        submit(Optional.empty());
        thread.start();
    }

    /** The job as it was submitted last. */
    public JobID job() {
        @Nullable JobID current = job;
        if (current == null) {
            throw new IllegalStateException("The job was not submitted yet");
        }
        return current;
    }

    /** How often it was submitted. */
    public int submissions() {
        return submissions;
    }

    /** How many checkpoints were passed over because they were damaged. */
    public synchronized int damagedStates() {
        return states.refused();
    }

    /** Tasks of each kind. */
    public synchronized int parallelism() {
        return parallelism;
    }

    /** The newest complete checkpoint or savepoint that the job could go on from, as it is known now. */
    public synchronized Optional<Path> newestState() throws IOException {
        states.seal();
        return states.newest();
    }

    /**
     * Stops the job with a savepoint and goes on from there with another number of tasks.
     *
     * @return seconds that the savepoint took
     * @throws IOException if the savepoint cannot be taken, or the job not be submitted again; the supervisor goes on in either case
     */
    public synchronized double rescale(int tasks) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Path savepoint = Path.of(URI.create(submission.stopWithSavepoint(job())));
        double seconds = (System.nanoTime() - start) / 1e9;
        LOG.info("Going on from {} with {} tasks of each kind rather than {}", savepoint, tasks, parallelism);
        parallelism = tasks;
        awaitEnd(job());
        submit(Optional.of(savepoint));
        return seconds;
    }

    private void awaitEnd(JobID stopped) throws IOException, InterruptedException {
        try {
            Poll.until(
                    "job " + stopped + " to end",
                    END_WITHIN,
                    () -> rest.status(stopped)
                            .map(JobStatus::isGloballyTerminalState)
                            .orElse(true));
        } catch (TimeoutException e) {
            throw new IOException(e);
        }
    }

    private synchronized void submit(Optional<Path> state) throws IOException, InterruptedException {
        JobID next = new JobID();
        // Before it is asked for: where the answer is lost, the job may run all the same.
        states.add(next, state);
        job = next;
        restartsAtProgress = 0;
        completedAtProgress = 0;
        submissions++;
        submission.submit(next, parallelism, state);
        LOG.info("Submitted job {}, from {}", next, state.map(Path::toString).orElse("the beginning"));
    }

    private void supervise() {
        try {
            while (!closing.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                try {
                    look();
                } catch (IOException e) {
                    // The JobManager or the broker is away, and comes back.
                    LOG.debug("The job cannot be looked after now", e);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("The supervisor was stopped", e);
        } catch (RuntimeException e) {
            LOG.error("The supervisor ends", e);
        }
    }

    private synchronized void look() throws IOException, InterruptedException {
        states.seal();
        Optional<JobStatus> status = rest.status(job());
        if (status.isEmpty()) {
            LOG.info("The JobManager does not know job {}", job());
            submitAgain();
        } else if (status.get().isGloballyTerminalState()) {
            LOG.warn(
                    "Job {} is {}: {}", job(), status.get(), rest.failure(job()).orElse("nobody says why"));
            submitAgain();
        } else {
            lookAtRestarts();
        }
    }

    /** Flink restores a job from its newest checkpoint again and again, whatever comes of it. */
    private void lookAtRestarts() throws IOException, InterruptedException {
        long completed =
                rest.checkpoints(job()).map(FlinkRest.Checkpoints::completed).orElse(0L);
        long restarts = rest.restarts(job());
        if (completed > completedAtProgress) {
            completedAtProgress = completed;
            restartsAtProgress = restarts;
        } else if (restarts - restartsAtProgress >= RESTORE_ATTEMPTS && newestIsDamaged()) {
            JobID stuck = job();
            LOG.warn(
                    "Job {} cannot be restored and is cancelled: {}",
                    stuck,
                    rest.failure(stuck).orElse("nobody says why"));
            rest.cancel(stuck);
            awaitEnd(stuck);
            submitAgain();
        }
    }

    /** Whether the one that Flink restores from has to be passed over. */
    private boolean newestIsDamaged() throws IOException {
        int before = states.refused();
        states.newest();
        return states.refused() > before;
    }

    private void submitAgain() throws IOException, InterruptedException {
        // One that was submitted without an answer must not write beside the next.
        for (JobID stray : rest.activeJobs()) {
            LOG.warn("Cancelling job {}, which nobody looks after", stray);
            rest.cancel(stray);
            awaitEnd(stray);
        }
        Optional<Path> state = states.newest();
        if (state.isEmpty() && states.any()) {
            throw new IllegalStateException("Every checkpoint of the job is damaged. Beginning again would"
                    + " draw every image once more; retain more checkpoints (execution.checkpointing.num-retained)");
        }
        submit(state);
    }

    /** Looks after the job no more; it goes on. */
    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
        try {
            thread.join(END_WITHIN.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
