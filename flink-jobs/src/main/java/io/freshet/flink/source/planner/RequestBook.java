package io.freshet.flink.source.planner;

import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.ServiceTerms;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.SamplerOutput;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The requests that were accepted: takes in, turns away, takes back. What becomes of each is told by a notice. Owned by the planner; not
 * thread-safe.
 */
final class RequestBook {
    private final RequestJudge judge;
    private final Traffic traffic;
    private final PlannerOptions options;
    private final FairQueue work;
    private final AcceptedIds accepted;
    private final CancelledIds cancelled;
    private final Deadlines deadlines;
    private final Consumer<SamplerOutput> notices;

    /** @param notices takes what the world is to know */
    RequestBook(
            Traffic traffic,
            PlannerOptions options,
            PlannerState state,
            Consumer<SamplerOutput> notices,
            long nowMillis) {
        this.judge = new RequestJudge(options.maxCount(), options.precision());
        this.traffic = traffic;
        this.options = options;
        this.work = new FairQueue(options.scheduling(), state.work(), nowMillis);
        this.accepted = new AcceptedIds(options.rememberedRequestIds(), state.acceptedIds());
        this.cancelled = new CancelledIds(state.cancelledIds());
        this.deadlines = new Deadlines(state.deadlines());
        this.notices = notices;
    }

    /** Samples not handed out. */
    FairQueue work() {
        return work;
    }

    /**
     * Takes a message of a request topic in. One that came before is answered by the status of the first, and draws nothing.
     *
     * @throws Rejection if it cannot be served, or is another one under an id that was used
     */
    void take(RawMessage message, RequestClass requestClass, long nowMillis) throws Rejection {
        GenerationRequest asked = judge.request(message);
        String id = asked.getRequestId();
        long content = judge.contentOf(asked);
        if (isUsed(id)) {
            notices.accept(Notices.repeated(id, nowMillis));
            AcceptedId first = accepted.find(id);
            if (first != null && !first.isSame(content)) {
                throw new Rejection(
                        "id-reused",
                        "requestId is '" + id
                                + "', under which another request was accepted before, which its status is"
                                + " about: every request needs an id of its own");
            }
            return;
        }
        PlannedRequest request = judge.plan(asked, requestClass, traffic, nowMillis);
        requireRoom(requestClass);
        AcceptedId entry = new AcceptedId(id, request.count(), requestClass, content);
        accepted.add(entry);
        if (cancelled.contains(id)) {
            notices.accept(Notices.ended(entry, 0, false, "cancelled before it came", nowMillis));
        } else if (request.terms().isOverdue(nowMillis)) {
            notices.accept(Notices.ended(entry, 0, true, "its deadline had passed when it came", nowMillis));
        } else {
            plan(request, nowMillis);
        }
    }

    private void requireRoom(RequestClass requestClass) throws Rejection {
        ClassPolicy policy = options.scheduling().of(requestClass);
        int open = work.size(requestClass);
        long samples = work.samples(requestClass);
        if (open >= policy.maxOpenRequests() || samples >= policy.maxWaitingSamples()) {
            boolean tooManyRequests = open >= policy.maxOpenRequests();
            throw new Rejection(
                    "too-many-requests",
                    (tooManyRequests ? open + " requests" : samples + " samples") + " of class "
                            + requestClass.name().toLowerCase(Locale.ROOT)
                            + " wait already, the limit being "
                            + (tooManyRequests ? policy.maxOpenRequests() : policy.maxWaitingSamples())
                            + ": send it again when some are done, or as another class");
        }
    }

    /** Takes a request in that the job makes itself. */
    void takeOwn(PlannedRequest request, long nowMillis) {
        accepted.add(new AcceptedId(
                request.requestId(), request.count(), request.terms().requestClass(), 0));
        plan(request, nowMillis);
    }

    private void plan(PlannedRequest request, long nowMillis) {
        work.add(SampleRange.all(request), nowMillis);
        if (request.terms().deadlineMillis() != ServiceTerms.NO_DEADLINE) {
            deadlines.add(new Deadlines.Deadline(request.terms().deadlineMillis(), request.requestId()));
        }
        notices.accept(Notices.planned(request, nowMillis));
    }

    /** Takes a request back, whether it has come yet or not; again, it is answered by its status. */
    void cancel(String requestId, String reason, long nowMillis) {
        if (cancelled.add(requestId)) {
            end(requestId, false, reason, nowMillis);
        } else if (isUsed(requestId)) {
            notices.accept(Notices.repeated(requestId, nowMillis));
        }
    }

    /** Takes back whatever is overdue. */
    void expire(long nowMillis) {
        for (String requestId : deadlines.pollOverdue(nowMillis)) {
            end(requestId, true, "its deadline has passed", nowMillis);
        }
    }

    private void end(String requestId, boolean expired, String reason, long nowMillis) {
        long firstNotHandedOut = work.remove(requestId);
        AcceptedId entry = accepted.find(requestId);
        if (entry != null) {
            long handedOut = firstNotHandedOut < 0 ? entry.count() : firstNotHandedOut;
            notices.accept(Notices.ended(entry, handedOut, expired, reason, nowMillis));
        }
    }

    /** Lets those that follow their model's route follow it. */
    void follow() {
        work.replace(traffic::moved);
    }

    /** Whether an id belongs to a request that was accepted, as far as is remembered. */
    boolean isUsed(String requestId) {
        return accepted.find(requestId) != null || work.contains(requestId);
    }

    /** The id in a refused message, if there is one that a status may be reported under without harm to another request. */
    Optional<String> idForStatus(RawMessage message) {
        return judge.idForStatus(message, this::isUsed);
    }

    /** Ids of requests that readers are to drop. */
    List<String> cancelledIds() {
        return cancelled.toList();
    }

    /** For the planner's state. */
    List<AcceptedId> acceptedIds() {
        return accepted.toList();
    }

    /** For the planner's state. */
    List<Deadlines.Deadline> deadlines() {
        return deadlines.toList();
    }
}
