package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.metric.JobMetric;
import io.freshet.flink.source.event.CheckpointFailed;
import io.freshet.flink.source.event.CheckpointReady;
import io.freshet.flink.source.event.NetworkWaiting;
import io.freshet.flink.source.event.RequestOrders;
import io.freshet.flink.source.event.ResidencyPlan;
import io.freshet.flink.source.event.WorkWanted;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.flink.text.Text;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.StagedCheckpoint;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.ControlCommand;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.SamplerOutput;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads requests and announcements, decides about them, and hands out work to readers that ask for it.
 *
 * <p>Everything but reading from Kafka happens in the coordinator's thread, so offsets and what their messages led to change
 * together. Whatever the planner wants the world to know travels as a notice inside a parcel to a reader, which emits it: so it
 * passes through the exactly-once sinks.
 *
 * <p>Recovery: after a task failure the planner lives on and gets back, per restarted reader, all parcels that no completed
 * checkpoint covers; after a failure of the planner itself all readers restart too and the state of the last checkpoint holds.
 * What a reader must know is sent as a whole, whenever it differs from what it was told last, and again after it registers.
 */
public final class SamplingPlanner implements SplitEnumerator<WorkSplit, PlannerState> {
    private static final Logger LOG = LoggerFactory.getLogger(SamplingPlanner.class);
    private static final Duration TICK = Duration.ofMillis(100);
    private static final Duration RETRY = Duration.ofSeconds(10);
    private static final int MAX_WAITING_NOTICES = 1_000;
    private static final int PARCEL_BYTES = 1 << 20;

    private final SplitEnumeratorContext<WorkSplit> context;
    private final MessageFeed feed;
    private final PlannerOptions options;
    private final InstantSource clock;
    private final AnnouncementJudge announcements = new AnnouncementJudge();
    private final CommandJudge commands = new CommandJudge();
    private final CheckpointCatalog catalog;
    private final Traffic traffic;
    private final RequestBook requests;
    private final FairQueue work;
    private final Map<TopicPartition, Long> nextOffsets;
    private final Deque<SamplerOutput> notices;
    private final SilenceGate gate;
    private final Map<Integer, ReaderView> readers = new TreeMap<>();
    private final WantedNetworks wanted;
    private final SwapTimes swaps = new SwapTimes();
    private RequestOrders orders;
    private int noticeTurn;
    private long retriedAtMillis;

    /** A planner that reads its topics from their beginning. */
    public static SamplingPlanner fresh(
            SplitEnumeratorContext<WorkSplit> context,
            String bootstrapServers,
            Map<String, String> clientProperties,
            Topics topics,
            PlannerOptions options) {
        return restored(context, bootstrapServers, clientProperties, topics, options, PlannerState.empty());
    }

    /** A planner that goes on where a checkpoint left off. */
    public static SamplingPlanner restored(
            SplitEnumeratorContext<WorkSplit> context,
            String bootstrapServers,
            Map<String, String> clientProperties,
            Topics topics,
            PlannerOptions options,
            PlannerState state) {
        MessageFeed feed = new KafkaFeed(bootstrapServers, clientProperties, topics);
        return new SamplingPlanner(context, feed, options, InstantSource.system(), state);
    }

    SamplingPlanner(
            SplitEnumeratorContext<WorkSplit> context,
            MessageFeed feed,
            PlannerOptions options,
            InstantSource clock,
            PlannerState state) {
        this.context = context;
        this.feed = feed;
        this.options = options;
        this.clock = clock;
        this.wanted =
                new WantedNetworks(options.maxResidentCheckpoints(), options.memoryBudgetBytes(), options.precision());
        this.notices = new ArrayDeque<>(state.notices());
        this.catalog = new CheckpointCatalog(state);
        this.traffic = new Traffic(catalog, state);
        this.requests = new RequestBook(traffic, options, state, notices::addLast, clock.millis());
        this.work = requests.work();
        this.nextOffsets = new HashMap<>(state.nextOffsets());
        this.orders = new RequestOrders(requests.cancelledIds(), traffic.routes());
        this.gate = new SilenceGate(options.holdLimit().toMillis());
    }

    @Override
    public void start() {
        context.metricGroup().gauge(JobMetric.OPEN_RANGES.metricName(), work::size);
        context.metricGroup().gauge(JobMetric.NETWORKS_WAITING.metricName(), wanted::waiting);
        context.metricGroup().gauge(JobMetric.WAITING_SAMPLES.metricName(), work::samples);
        context.metricGroup().setUnassignedSplitsGauge(() -> (long) work.size());
        feed.startFrom(nextOffsets);
        feed.allowRequests(mayReadRequests());
        context.callAsync(feed::poll, this::onPolled, 0, TICK.toMillis());
    }

    private void onPolled(@Nullable List<RawMessage> messages, @Nullable Throwable failure) {
        if (failure != null || messages == null) {
            throw new FlinkRuntimeException("Reading requests and announcements failed", failure);
        }
        messages.forEach(this::take);
        requests.expire(clock.millis());
        if (clock.millis() - retriedAtMillis >= RETRY.toMillis()) {
            retriedAtMillis = clock.millis();
            readers.values().stream().filter(r -> !r.failures().isEmpty()).forEach(ReaderView::retry);
        }
        advance();
    }

    private void take(RawMessage message) {
        Channel channel = feed.channelOf(message.partition());
        RequestClass requestClass = channel.requestClass();
        try {
            if (requestClass != null) {
                requests.take(message, requestClass, clock.millis());
            } else if (channel == Channel.CONTROL) {
                obey(commands.command(message));
            } else {
                CheckpointRef announced = announcements.announcement(message);
                if (catalog.announce(announced)) {
                    swaps.announced(announced, message.timestampMillis());
                }
            }
        } catch (Rejection rejection) {
            LOG.info("Refused {}@{}: {}", message.partition(), message.offset(), rejection.reason());
            String id =
                    requestClass == null ? null : requests.idForStatus(message).orElse(null);
            notices.addLast(Notices.rejected(message, id, rejection, clock.millis()));
        }
        nextOffsets.put(message.partition(), message.offset() + 1);
    }

    private void obey(ControlCommand command) throws Rejection {
        if (command.getAction().equals(CommandJudge.CANCEL)) {
            String reason = command.getReason();
            String id = CommandJudge.cancelled(command);
            requests.cancel(id, reason == null ? "cancelled by a command" : Text.singleLine(reason), clock.millis());
            renewOrders();
            return;
        }
        RoutingCommand routing = CommandJudge.routing(command);
        for (CommittedCheckpoint changed : traffic.obey(routing)) {
            CheckpointRef checkpoint = changed.checkpoint();
            double percent = traffic.shareOf(checkpoint);
            LOG.info(
                    "Checkpoint {} of step {} serves {} % from now on: {}",
                    checkpoint.shortSha(), checkpoint.step(), percent, routing.reason());
            notices.addLast(Notices.routed(checkpoint, percent, routing.reason(), clock.millis()));
        }
        followRoutes();
    }

    /** Requests that follow their model's route do so from now on. */
    private void followRoutes() {
        requests.follow();
        renewOrders();
    }

    private void renewOrders() {
        orders = new RequestOrders(requests.cancelledIds(), traffic.routes());
    }

    @Override
    public void handleSplitRequest(int subtask, @Nullable String hostname) {
        throw new IllegalStateException("Reader " + subtask + " asked without saying how much: expected WorkWanted");
    }

    @Override
    public void handleSourceEvent(int subtask, SourceEvent event) {
        ReaderView reader = readers.get(subtask);
        if (reader == null) {
            LOG.warn("{} came from reader {}, which is not registered", event, subtask);
            return;
        }
        if (event instanceof WorkWanted ask) {
            reader.setRowsWanted(ask.rows());
        } else if (event instanceof CheckpointReady ready) {
            StagedCheckpoint staged = ready.staged();
            reader.resident().put(staged.form(), staged);
            reader.failures().remove(staged.form());
            catalog.learn(staged);
            wanted.learn(staged.form(), staged.weightBytes());
            swaps.ready(staged.checkpoint(), clock.millis());
        } else if (event instanceof NetworkWaiting held) {
            reader.resident().remove(held.network());
            wanted.learn(held.network(), held.weightBytes());
        } else if (event instanceof CheckpointFailed failed) {
            reader.failures().put(failed.network(), failed.reason());
        } else {
            throw new IllegalArgumentException("Reader " + subtask + " sent an unknown event " + event);
        }
        advance();
    }

    @Override
    public void addReader(int subtask) {
        readers.put(subtask, new ReaderView());
        wanted.forgetIdle();
        advance();
    }

    @Override
    public void addSplitsBack(List<WorkSplit> splits, int subtask) {
        readers.remove(subtask);
        for (int i = splits.size() - 1; i >= 0; i--) {
            WorkSplit split = splits.get(i);
            if (!split.rows().isEmpty()) {
                throw new IllegalStateException("Reader " + subtask + " gave back " + split
                        + " with rows in flight, which the planner never hands out");
            }
            work.giveBack(split.ranges());
            for (int j = split.notices().size() - 1; j >= 0; j--) {
                notices.addFirst(split.notices().get(j));
            }
        }
        gate.open();
        advance();
    }

    @Override
    public PlannerState snapshotState(long checkpointId) {
        gate.close(checkpointId, clock.millis());
        return new PlannerState(
                nextOffsets,
                work.ranges(),
                catalog.committed(),
                traffic.plans(),
                traffic.currentModel(),
                catalog.announced(),
                List.copyOf(notices),
                requests.acceptedIds(),
                requests.cancelledIds(),
                requests.deadlines());
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
        gate.settled(checkpointId);
        advance();
    }

    @Override
    public void notifyCheckpointAborted(long checkpointId) {
        gate.settled(checkpointId);
        advance();
    }

    /** Decides what can be decided and sends what may be sent; harmless to repeat. */
    private void advance() {
        readers.keySet().retainAll(context.registeredReaders().keySet());
        boolean decided;
        do {
            decided = decideCandidate();
        } while (decided);
        if (!readers.isEmpty() && gate.isOpen(clock.millis())) {
            sendPlans();
            sendOrders();
            sendNotices();
            readers.forEach(this::sendWork);
        }
        feed.allowRequests(mayReadRequests());
    }

    private boolean mayReadRequests() {
        return traffic.serves() && notices.size() < MAX_WAITING_NOTICES;
    }

    /** Returns whether there was an answer for the candidate, so that the next one may be looked at. */
    private boolean decideCandidate() {
        CheckpointRef candidate = catalog.candidate();
        if (candidate == null || readers.isEmpty()) {
            return false;
        }
        String lackOfRoom = wanted.lackOfRoom(traffic.serving(), candidate);
        Verdict verdict = lackOfRoom != null
                ? new Verdict.Refused(lackOfRoom)
                : Verdict.of(wanted.ofCandidate(candidate), readers.values());
        if (verdict instanceof Verdict.Refused refused) {
            refuse(refused.reason());
        } else if (verdict instanceof Verdict.Accepted accepted) {
            commit(accepted.staged());
        }
        return !(verdict instanceof Verdict.Open);
    }

    private void refuse(String reason) {
        CheckpointRef refused = catalog.refuseCandidate();
        LOG.warn("Checkpoint {} of step {} is refused: {}", refused.shortSha(), refused.step(), reason);
        // Told again, so that a repaired checkpoint that is announced once more gets a new try.
        readers.values().forEach(ReaderView::retry);
        notices.addLast(Notices.refused(refused, reason, swaps.decided(refused, clock.millis()), clock.millis()));
    }

    private void commit(List<StagedCheckpoint> staged) {
        StagedCheckpoint first = staged.get(0);
        CheckpointRef checkpoint = catalog.commitCandidate(first.classNames(), first.abilities(), traffic::needs)
                .checkpoint();
        traffic.committed(checkpoint);
        followRoutes();
        double percent = traffic.shareOf(checkpoint);
        boolean batchInvariant = staged.stream().allMatch(StagedCheckpoint::batchInvariant);
        LOG.info(
                "Checkpoint {} of step {} is committed and serves {} %; images {} on what they are batched with; readers run passes of {} rows",
                checkpoint.shortSha(),
                checkpoint.step(),
                percent,
                batchInvariant ? "do not depend" : "depend slightly",
                staged.stream().map(s -> s.profile().buckets()).distinct().toList());
        SwapTimes.Swap swap = swaps.decided(checkpoint, clock.millis());
        notices.addLast(Notices.committed(
                checkpoint, percent, StagingTimes.slowest(staged), swap, batchInvariant, clock.millis()));
        if (options.evaluation().samples() > 0) {
            planEvaluation(first);
        }
    }

    private void planEvaluation(StagedCheckpoint staged) {
        PlannedRequest evaluation = EvaluationPlan.of(staged, options.evaluation());
        LOG.info(
                "Checkpoint {} of step {} is judged by {} images of '{}' in {} steps",
                staged.form(),
                staged.checkpoint().step(),
                evaluation.count(),
                evaluation.settings().kind().wireName(),
                evaluation.settings().steps());
        requests.takeOwn(evaluation, clock.millis());
    }

    private void sendPlans() {
        Set<NetworkForm> chosen = wanted.choose(traffic.serving(), catalog.candidate(), work.networks());
        readers.forEach((subtask, reader) -> {
            if (!reader.knows(chosen)) {
                context.sendEventToSourceReader(subtask, new ResidencyPlan(List.copyOf(chosen)));
                reader.told(chosen);
            }
        });
    }

    private void sendOrders() {
        readers.forEach((subtask, reader) -> {
            if (!reader.follows(orders)) {
                context.sendEventToSourceReader(subtask, orders);
                reader.toldOrders(orders);
            }
        });
    }

    private void sendNotices() {
        List<Integer> subtasks = List.copyOf(readers.keySet());
        while (!notices.isEmpty()) {
            List<SamplerOutput> parcel = new ArrayList<>();
            int bytes = 0;
            do {
                SamplerOutput notice = notices.removeFirst();
                parcel.add(notice);
                bytes += Notices.sizeOf(notice);
            } while (!notices.isEmpty() && bytes + Notices.sizeOf(notices.getFirst()) <= PARCEL_BYTES);
            int subtask = subtasks.get(Math.floorMod(noticeTurn++, subtasks.size()));
            context.assignSplits(new SplitsAssignment<>(Map.of(subtask, List.of(WorkSplit.ofNotices(parcel)))));
        }
    }

    private void sendWork(int subtask, ReaderView reader) {
        if (reader.rowsWanted() == 0) {
            return;
        }
        List<SampleRange> ranges = work.take(reader.rowsWanted(), reader.resident()::containsKey, clock.millis());
        if (!ranges.isEmpty()) {
            context.assignSplits(new SplitsAssignment<>(Map.of(subtask, List.of(WorkSplit.ofRanges(ranges)))));
            reader.setRowsWanted(0);
        }
    }

    @Override
    public void close() {
        feed.close();
    }
}
