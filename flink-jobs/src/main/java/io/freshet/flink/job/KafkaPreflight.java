package io.freshet.flink.job;

import io.freshet.flink.sink.ExactlyOnceSinks;
import io.freshet.schemas.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the Kafka cluster before a job runs: waits for it, makes the topics that are missing, and holds the job's settings against the
 * cluster's limits. What would otherwise stop the job again and again, an hour later and in the words of a client, is said at once.
 *
 * <p>What the job has no right to see is taken to be well, with a warning.
 */
public final class KafkaPreflight {
    /** How long a job waits for a cluster that does not answer. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    /** What a transaction should outlast beside the time between two checkpoints: that a lost machine is noticed and replaced. */
    static final Duration RESTART = Duration.ofSeconds(60);

    private static final Logger LOG = LoggerFactory.getLogger(KafkaPreflight.class);
    private static final int ATTEMPTS = 20;
    private static final String MAX_TRANSACTION = "transaction.max.timeout.ms";

    private final JobOptions options;
    private final ExactlyOnceSinks sinks;
    private final List<String> outputTopics;

    private KafkaPreflight(JobOptions options, List<String> outputTopics) {
        this.options = options;
        this.sinks = options.sinks();
        this.outputTopics = outputTopics;
    }

    /** For a sampling job. */
    public static KafkaPreflight ofSampling(JobOptions options) {
        return new KafkaPreflight(options, SamplingJob.outputTopics(options.topics()));
    }

    /** For an evaluation job. */
    public static KafkaPreflight ofEvaluation(JobOptions options) {
        return new KafkaPreflight(options, EvaluationJob.outputTopics(options.topics()));
    }

    /** {@link #run(Duration)} with the patience of a job. */
    public void run() throws PreflightException, InterruptedException {
        run(PATIENCE);
    }

    /**
     * Does all of it.
     *
     * @param patience how long to wait for a cluster that does not answer
     * @throws PreflightException if there is none, or the job cannot run against it
     */
    public void run(Duration patience) throws PreflightException, InterruptedException {
        requireTransactionOutlastsRestart();
        try (Admin admin = KafkaConnection.open(options.bootstrapServers(), options.kafkaProperties(), patience)) {
            makeTopics(admin);
            requireTransactionAllowed(admin);
            requireMessagesFit(admin);
            tellOpenTransactions(admin);
        }
    }

    private void requireTransactionOutlastsRestart() throws PreflightException {
        Duration least = options.longestTransaction().plus(RESTART);
        Duration timeout = sinks.transactionTimeout();
        if (timeout.compareTo(least) < 0) {
            throw new PreflightException(
                    "The sinks' transaction.timeout.ms is " + timeout.toMillis() + ": expected at least "
                            + least.toMillis() + ", the time from one Flink checkpoint to the next ("
                            + options.longestTransaction().toMillis() + ") and "
                            + RESTART.toMillis() + " for a restart, or the broker throws away what the job has"
                            + " delivered; raise it with --kafka transaction.timeout.ms=N, or lower"
                            + " --checkpoint-interval-millis",
                    null);
        }
    }

    private void makeTopics(Admin admin) throws PreflightException, InterruptedException {
        Topics topics = options.topics();
        try {
            KafkaTopics.create(admin, topics, options.parallelism());
        } catch (ExecutionException e) {
            throw new PreflightException(
                    "The topics of '" + topics.prefix() + "' cannot be created at " + options.bootstrapServers() + ": "
                            + KafkaConnection.reason(e) + "; create them yourself: " + String.join(", ", topics.all()),
                    e);
        }
    }

    private void requireTransactionAllowed(Admin admin) throws PreflightException, InterruptedException {
        try {
            List<ConfigResource> brokers = admin.describeCluster().nodes().get().stream()
                    .map(Node::idString)
                    .map(id -> new ConfigResource(ConfigResource.Type.BROKER, id))
                    .toList();
            for (Map.Entry<ConfigResource, Config> broker : describe(admin, brokers)) {
                long allowed = number(broker.getValue(), MAX_TRANSACTION);
                if (allowed < sinks.transactionTimeout().toMillis()) {
                    throw new PreflightException(
                            MAX_TRANSACTION + " of broker " + broker.getKey().name() + " is " + allowed
                                    + ": the transactions of the job's sinks may be open for "
                                    + sinks.transactionTimeout().toMillis()
                                    + " milliseconds; raise it there to at least that, or give the job less with --kafka"
                                    + " transaction.timeout.ms=" + allowed,
                            null);
                }
            }
        } catch (ExecutionException e) {
            cannotSee(MAX_TRANSACTION + " of the brokers", e);
        }
    }

    private void requireMessagesFit(Admin admin) throws PreflightException, InterruptedException {
        List<ConfigResource> topics = outputTopics.stream()
                .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic))
                .toList();
        try {
            for (Map.Entry<ConfigResource, Config> topic : describe(admin, topics)) {
                long taken = number(topic.getValue(), TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
                if (taken < sinks.maxRequestBytes()) {
                    throw new PreflightException(
                            "Topic " + topic.getKey().name() + " takes messages up to "
                                    + TopicConfig.MAX_MESSAGE_BYTES_CONFIG + "=" + taken
                                    + ": the job's sinks may send " + sinks.maxRequestBytes()
                                    + " bytes; raise the topic's setting to at least that, or lower theirs with --kafka"
                                    + " max.request.size=" + taken,
                            null);
                }
                LOG.debug("{} takes messages up to {} bytes", topic.getKey().name(), taken);
            }
        } catch (ExecutionException e) {
            cannotSee(TopicConfig.MAX_MESSAGE_BYTES_CONFIG + " of the topics", e);
        }
    }

    /** Nobody can tell those that a killed job has left from those of one that runs under the same name, but people can. */
    private void tellOpenTransactions(Admin admin) throws InterruptedException {
        try {
            Collection<TransactionListing> open = admin.listTransactions(
                            new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING)))
                    .all()
                    .get();
            List<String> ours = open.stream()
                    .map(TransactionListing::transactionalId)
                    .filter(id -> outputTopics.stream().anyMatch(topic -> id.startsWith(sinks.idPrefix() + topic)))
                    .sorted()
                    .toList();
            if (!ours.isEmpty()) {
                LOG.warn(
                        "{} transactions of deployment '{}' are open, such as {}. If a killed job has left them, they end"
                                + " now. If another job runs under this name, both will fail again and again: give one of"
                                + " them another --deployment",
                        ours.size(),
                        options.deployment(),
                        ours.get(0));
            }
        } catch (ExecutionException e) {
            LOG.warn("Open transactions cannot be looked at: {}", KafkaConnection.reason(e));
        }
    }

    private static Set<Map.Entry<ConfigResource, Config>> describe(Admin admin, List<ConfigResource> resources)
            throws ExecutionException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                return admin.describeConfigs(resources).all().get().entrySet();
            } catch (ExecutionException e) {
                // A broker may not have heard yet of a topic that another one has just made.
                if (!(e.getCause() instanceof RetriableException) || attempt == ATTEMPTS) {
                    throw e;
                }
                KafkaConnection.pause();
            }
        }
    }

    private static long number(Config config, String name) {
        return Long.parseLong(Objects.requireNonNull(config.get(name), name).value());
    }

    private static void cannotSee(String what, ExecutionException e) throws PreflightException {
        if (!(e.getCause() instanceof AuthorizationException)) {
            throw new PreflightException(what + " cannot be looked at: " + KafkaConnection.reason(e), e);
        }
        LOG.warn("{} cannot be looked at, and is taken to be large enough: {}", what, KafkaConnection.reason(e));
    }
}
