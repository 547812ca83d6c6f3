package io.freshet.flink.testing;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.job.KafkaTopics;
import io.freshet.flink.job.SamplingJob;
import io.freshet.flink.job.SamplingJobOptions;
import io.freshet.flink.source.DenoiserLoaderFactory;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointAnnouncement;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.json.JsonCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The whole job on a mini-cluster of its own, fed through a real broker. */
public final class JobRun implements AutoCloseable {
    public static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final JsonCodec<CheckpointAnnouncement> ANNOUNCEMENTS = JsonCodec.of(CheckpointAnnouncement.class);

    private final SamplingJobOptions options;
    private final JobClient client;
    private final KafkaProducer<byte[], byte[]> producer;
    private boolean stopped;

    private JobRun(SamplingJobOptions options, JobClient client) {
        this.options = options;
        this.client = client;
        this.producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", options.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    public static JobRun start(SamplingJobOptions options) throws Exception {
        return start(options, new Configuration());
    }

    /** With networks other than {@link ToyModels}. */
    public static JobRun start(SamplingJobOptions options, DenoiserLoaderFactory loaders) throws Exception {
        return start(options, new Configuration(), loaders);
    }

    public static JobRun restore(SamplingJobOptions options, String savepoint) throws Exception {
        Configuration configuration = new Configuration();
        configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
        return start(options, configuration);
    }

    /** With more settings of Flink. */
    public static JobRun start(SamplingJobOptions options, Configuration configuration) throws Exception {
        return start(options, configuration, ToyModels.loaders(options.topics().prefix()));
    }

    private static JobRun start(SamplingJobOptions options, Configuration configuration, DenoiserLoaderFactory loaders)
            throws Exception {
        KafkaTopics.create(options.bootstrapServers(), Map.of(), options.topics(), 2);
        configuration.set(TaskManagerOptions.NUM_TASK_SLOTS, options.parallelism());
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(64));
        configuration.set(RestOptions.BIND_PORT, "0");
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.createLocalEnvironment(options.parallelism(), configuration);
        new SamplingJob(options, loaders, ToyModels.extractors(), ToyModels.reference()).buildOn(env);
        return new JobRun(options, env.executeAsync(SamplingJob.NAME));
    }

    /** Announces a checkpoint and returns its hash. */
    public String announce(long step, String directory) throws Exception {
        String sha256 = String.format("%08x", directory.hashCode()).repeat(8);
        send(
                options.topics().checkpoints(),
                ANNOUNCEMENTS.encode(new CheckpointAnnouncement("toy", step, directory, sha256, 1L)));
        return sha256;
    }

    public void announce(CheckpointRef checkpoint) throws Exception {
        send(
                options.topics().checkpoints(),
                ANNOUNCEMENTS.encode(new CheckpointAnnouncement(
                        checkpoint.model(), checkpoint.step(), checkpoint.directory(), checkpoint.sha256(), 1L)));
    }

    public void request(String json) throws Exception {
        send(options.topics().requests(), json.getBytes(StandardCharsets.UTF_8));
    }

    public void send(String topic, byte[] value) throws Exception {
        producer.send(new ProducerRecord<>(topic, "key".getBytes(StandardCharsets.UTF_8), value))
                .get(10, TimeUnit.SECONDS);
    }

    public TopicTail tail(String topic) {
        return new TopicTail(options.bootstrapServers(), topic);
    }

    public Topics topics() {
        return options.topics();
    }

    /** All images that clients asked for, by request and index, once there are so many; each must be there exactly once. */
    public Map<String, GeneratedImage> awaitImages(int count) {
        try (TopicTail images = tail(topics().images())) {
            List<GeneratedImage> found = images.await(
                    count + " images",
                    PATIENCE,
                    GeneratedImage.class,
                    all -> all.stream().filter(JobRun::isAskedFor).count() >= count);
            Map<String, GeneratedImage> byId = new TreeMap<>();
            for (GeneratedImage image : found) {
                if (isAskedFor(image)) {
                    String id = image.getRequestId() + "#" + image.getIndex();
                    if (byId.put(id, image) != null) {
                        throw new AssertionError("Image " + id + " came twice");
                    }
                }
            }
            return byId;
        }
    }

    public static boolean isAskedFor(GeneratedImage image) {
        return image.getPurpose() == Purpose.REQUEST;
    }

    public JobStatus status() throws Exception {
        return client.getJobStatus().get(10, TimeUnit.SECONDS);
    }

    public String stopWithSavepoint(String directory) throws Exception {
        String savepoint = client.stopWithSavepoint(false, directory, SavepointFormatType.CANONICAL)
                .get(60, TimeUnit.SECONDS);
        // The mini-cluster goes down with its job.
        stopped = true;
        return savepoint;
    }

    /** Cancels the job and waits until it is gone. */
    public void cancel() throws Exception {
        client.cancel().get(30, TimeUnit.SECONDS);
        client.getJobExecutionResult().handle((result, cancelled) -> true).get(30, TimeUnit.SECONDS);
        stopped = true;
    }

    @Override
    public void close() throws Exception {
        producer.close();
        if (!stopped && !status().isGloballyTerminalState()) {
            client.cancel().get(30, TimeUnit.SECONDS);
        }
    }
}
