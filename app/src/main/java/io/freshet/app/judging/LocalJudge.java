package io.freshet.app.judging;

import io.freshet.app.local.LocalFlink;
import io.freshet.app.local.LocalFlink.JobView;
import io.freshet.flink.job.EvaluationJob;
import io.freshet.flink.job.EvaluationJobOptions;
import io.freshet.flink.job.Extraction;
import io.freshet.flink.job.JobOptions;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.commons.io.FileUtils;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The evaluation job on a Flink cluster in this JVM, and its reports as they are committed. Owns a directory of temporary files, which
 * it removes. For use by one thread.
 */
public final class LocalJudge implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration REACHABLE_WITHIN = Duration.ofSeconds(10);
    private static final long LOOK_NANOS = Duration.ofSeconds(5).toNanos();

    private final JsonCodec<MetricReport> codec = JsonCodec.of(MetricReport.class);
    private final Path directory;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final LocalFlink flink;
    private long lookedNanos = System.nanoTime();

    private LocalJudge(Path directory, KafkaConsumer<byte[], byte[]> consumer, LocalFlink flink) {
        this.directory = directory;
        this.consumer = consumer;
        this.flink = flink;
    }

    /**
     * Starts the job; the topics exist.
     *
     * @param settings all but the directory of its checkpoints, which is a temporary one
     * @throws IOException if Flink does not start or the broker does not answer
     */
    public static LocalJudge start(EvaluationJobOptions.Builder settings, Extraction extraction)
            throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("freshet-evaluate-");
        EvaluationJobOptions options = settings.checkpointDirectory(
                        directory.resolve("checkpoints").toUri().toString())
                .build();
        JobOptions common = options.common();
        KafkaConsumer<byte[], byte[]> consumer = null;
        LocalFlink flink = null;
        try {
            // Before the job is started, so that no report of it is missed.
            consumer = behindAll(common);
            StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
            new EvaluationJob(options, extraction.extractors(), extraction.references()).buildOn(env);
            flink = LocalFlink.run(directory, common.parallelism(), env.getStreamGraph());
            return new LocalJudge(directory, consumer, flink);
        } finally {
            if (flink == null) {
                if (consumer != null) {
                    consumer.close();
                }
                FileUtils.deleteQuietly(directory.toFile());
            }
        }
    }

    /**
     * Waits a short while for reports of sources.
     *
     * @throws IOException if the job has failed for good, or the broker is gone
     */
    public List<MetricReport> next() throws IOException, InterruptedException {
        requireRunning();
        List<MetricReport> reports = new ArrayList<>();
        try {
            for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
                MetricReport report = codec.decode(message.value());
                if (report.getSource() != null) {
                    reports.add(report);
                }
            }
        } catch (InvalidRecordException e) {
            throw new IOException("A message on the topic of metrics is no report: " + e.getMessage(), e);
        } catch (InterruptException e) {
            throw interrupted(e);
        } catch (KafkaException e) {
            throw new IOException("The reports cannot be read: " + e.getMessage(), e);
        }
        return reports;
    }

    @Override
    public void close() {
        flink.close();
        consumer.close();
        FileUtils.deleteQuietly(directory.toFile());
    }

    private void requireRunning() throws IOException, InterruptedException {
        if (System.nanoTime() - lookedNanos < LOOK_NANOS) {
            return;
        }
        lookedNanos = System.nanoTime();
        JobView job = flink.view();
        if (job.hasEnded()) {
            throw new IOException(
                    "The evaluation job has ended: " + job.failure().orElse("its state is " + job.status()));
        }
    }

    private static KafkaConsumer<byte[], byte[]> behindAll(JobOptions options)
            throws IOException, InterruptedException {
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        options.bootstrapServers(),
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed",
                        ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                        false),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        boolean placed = false;
        try {
            String topic = options.topics().metrics();
            List<TopicPartition> partitions = consumer.partitionsFor(topic, REACHABLE_WITHIN).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.endOffsets(partitions, REACHABLE_WITHIN).forEach(consumer::seek);
            placed = true;
            return consumer;
        } catch (InterruptException e) {
            throw interrupted(e);
        } catch (KafkaException e) {
            throw new IOException("The topic of metrics cannot be read: " + e.getMessage(), e);
        } finally {
            if (!placed) {
                consumer.close();
            }
        }
    }

    private static InterruptedException interrupted(InterruptException e) {
        // Kafka has set the flag again, which would keep anything from being put away in order.
        Thread.interrupted();
        InterruptedException stopped = new InterruptedException("stopped");
        stopped.initCause(e);
        return stopped;
    }
}
