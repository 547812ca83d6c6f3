package io.freshet.flink.job;

import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a client of a Kafka cluster that may still be coming up, also where its name cannot be resolved yet. */
final class KafkaConnection {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaConnection.class);
    private static final long ATTEMPT_MILLIS = 5_000;
    private static final long PAUSE_MILLIS = 500;

    private KafkaConnection() {}

    /**
     * Waits until the cluster answers.
     *
     * @param patience how long
     * @throws PreflightException if it does not, refuses, or the address is none
     */
    static Admin open(String bootstrapServers, Map<String, String> clientProperties, Duration patience)
            throws PreflightException, InterruptedException {
        Properties properties = new Properties();
        String attempt = Long.toString(Math.max(1, Math.min(ATTEMPT_MILLIS, patience.toMillis())));
        properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, attempt);
        properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, attempt);
        properties.putAll(clientProperties);
        properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        long deadline = System.nanoTime() + patience.toNanos();
        boolean told = false;
        while (true) {
            Exception failure = null;
            try {
                return connected(properties);
            } catch (ExecutionException e) {
                failure = e;
                if (!(e.getCause() instanceof RetriableException)) {
                    throw new PreflightException(
                            "Kafka at " + bootstrapServers + " refuses the job: " + reason(e)
                                    + "; give what it asks for with --kafka name=value",
                            e);
                }
            } catch (KafkaException e) {
                failure = e;
                if (!isUnresolved(e)) {
                    throw new PreflightException(
                            "No client of Kafka at '" + bootstrapServers + "' can be made: " + reason(e)
                                    + "; expected host:port[,host:port...], and settings of Kafka's clients",
                            e);
                }
            }
            if (System.nanoTime() - deadline >= 0) {
                throw new PreflightException(
                        "No Kafka broker has answered at " + bootstrapServers + " within "
                                + seconds(patience) + " s: " + reason(failure)
                                + ". Is it running, and is this its address?",
                        failure);
            }
            if (!told) {
                LOG.warn(
                        "No Kafka broker answers at {} ({}); waiting up to {} s for one",
                        bootstrapServers,
                        reason(failure),
                        seconds(patience));
                told = true;
            }
            pause();
        }
    }

    /** What went wrong, without the exceptions that only carry it. */
    static String reason(Throwable thrown) {
        Throwable cause = thrown;
        while ((cause instanceof ExecutionException || cause.getClass() == KafkaException.class)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getClass().getSimpleName() + ": " + cause.getMessage();
    }

    private static Admin connected(Properties properties) throws ExecutionException, InterruptedException {
        Admin admin = Admin.create(properties);
        boolean answered = false;
        try {
            admin.describeCluster().nodes().get();
            answered = true;
            return admin;
        } finally {
            if (!answered) {
                admin.close(Duration.ZERO);
            }
        }
    }

    /** In a network of containers a name is known only once its container runs. */
    private static boolean isUnresolved(KafkaException e) {
        return e.getCause() instanceof ConfigException bad
                && String.valueOf(bad.getMessage()).contains("No resolvable bootstrap urls");
    }

    private static long seconds(Duration time) {
        return time.toSeconds();
    }

    /** A short while until the next attempt. */
    static void pause() throws InterruptedException {
        boolean never = new CountDownLatch(1).await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        if (never) {
            throw new IllegalStateException("A latch that nobody counts down is open");
        }
    }
}
