package io.freshet.flink.source.planner;

import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.flink.source.split.Fingerprint;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.RequestSettings;
import io.freshet.flink.source.split.ServiceTerms;
import io.freshet.flink.source.split.SettingsException;
import io.freshet.flink.text.Text;
import io.freshet.sampling.Abilities;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import io.freshet.schemas.json.NearestName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Decides whether a message can be served, and says why where it cannot. Changes nothing. Not thread-safe. */
final class RequestJudge {
    /** How the ids of the job's own requests begin. */
    static final String EVALUATION_PREFIX = "evaluation-";

    static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
    private static final int RAREST_PREVIEWS = 1_000;
    private static final int MAX_CLASSES = 4096;
    private static final Duration LONGEST_DEADLINE = Duration.ofDays(30);
    /** In 2001: numbers below are seconds, most likely. */
    private static final long EARLIEST_DEADLINE_MILLIS = 1_000_000_000_000L;

    private final JsonCodec<GenerationRequest> requests = JsonCodec.of(GenerationRequest.class);
    private final long maxCount;
    private final Precision own;

    /**
     * @param maxCount most images in one request
     * @param own the precision of requests that leave it open
     */
    RequestJudge(long maxCount, Precision own) {
        this.maxCount = maxCount;
        this.own = own;
    }

    /**
     * Reads a request; whether it can be served is not looked at.
     *
     * @throws Rejection if it is none, or its id cannot be one
     */
    GenerationRequest request(RawMessage message) throws Rejection {
        GenerationRequest request;
        try {
            request = requests.decode(message.requireValue());
        } catch (InvalidRecordException e) {
            throw new Rejection(e.code(), String.valueOf(e.getMessage()));
        }
        checkId(request.getRequestId());
        return request;
    }

    /** A number that the same request has again, whatever the order of its fields, and another one most likely not. */
    long contentOf(GenerationRequest request) {
        // Not 0, which stands for a request whose content is not known.
        return Fingerprint.of(requests.encode(request)) | 1;
    }

    /**
     * Pins a request's checkpoint and how its network is evaluated.
     *
     * @param requestClass class of the topic that it came by
     * @throws Rejection if it cannot be served as it stands
     */
    PlannedRequest plan(GenerationRequest request, RequestClass requestClass, Traffic traffic, long nowMillis)
            throws Rejection {
        checkCount(request.getCount());
        ServiceTerms terms = termsOf(request, requestClass, nowMillis);
        CommittedCheckpoint checkpoint =
                traffic.select(request.getModel(), request.getCheckpoint(), request.getRequestId());
        return new PlannedRequest(
                request.getRequestId(),
                request.getCount(),
                request.getSeed(),
                labelsOf(request.getClasses(), checkpoint.classNames()),
                settingsOf(request, checkpoint),
                checkpoint.checkpoint(),
                Purpose.REQUEST,
                terms);
    }

    private static ServiceTerms termsOf(GenerationRequest request, RequestClass requestClass, long nowMillis)
            throws Rejection {
        boolean restart = request.getOnSwap().equals("restart");
        if (!restart && !request.getOnSwap().equals("finish")) {
            throw new Rejection(
                    "invalid-on-swap",
                    "onSwap is '" + Text.quotable(request.getOnSwap()) + "': expected 'finish' or 'restart'");
        }
        Long deadline = request.getDeadlineMillis();
        if (deadline == null) {
            return new ServiceTerms(
                    requestClass, ServiceTerms.NO_DEADLINE, follows(restart, request), previewsOf(request));
        }
        long latest = nowMillis + LONGEST_DEADLINE.toMillis();
        if (deadline < EARLIEST_DEADLINE_MILLIS || deadline > latest) {
            throw new Rejection(
                    "invalid-deadline",
                    "deadlineMillis is " + deadline
                            + ": expected a time in milliseconds since the epoch, at most " + LONGEST_DEADLINE.toDays()
                            + " days ahead; now is " + nowMillis);
        }
        return new ServiceTerms(requestClass, deadline, follows(restart, request), previewsOf(request));
    }

    private static int previewsOf(GenerationRequest request) throws Rejection {
        int every = request.getPreviewEvery();
        if (every < 0 || every > RAREST_PREVIEWS) {
            throw new Rejection(
                    "invalid-preview-every",
                    "previewEvery is " + every + ": expected 1 to " + RAREST_PREVIEWS
                            + " evaluations of the network, or 0 for no previews");
        }
        return every;
    }

    /** Who names a checkpoint wants that one. */
    private static boolean follows(boolean restart, GenerationRequest request) {
        return restart && request.getCheckpoint().equals(Traffic.LATEST);
    }

    /** The id in a refused message, if there is one that a status may be reported under without harm to another request. */
    Optional<String> idForStatus(RawMessage message, Predicate<String> isUsedId) {
        byte[] value = message.value();
        return value == null
                ? Optional.empty()
                : JsonCodec.peekString(value, "requestId")
                        .filter(id -> REQUEST_ID.matcher(id).matches()
                                && !id.startsWith(EVALUATION_PREFIX)
                                && !isUsedId.test(id));
    }

    private static void checkId(String id) throws Rejection {
        if (!REQUEST_ID.matcher(id).matches()) {
            throw new Rejection(
                    "invalid-request-id",
                    "requestId is '" + Text.quotable(id)
                            + "': expected 1 to 128 letters, digits, '.', '_', '-' or ':'");
        }
        if (id.startsWith(EVALUATION_PREFIX)) {
            throw new Rejection(
                    "reserved-request-id",
                    "requestId is '" + id + "': ids that begin with '" + EVALUATION_PREFIX
                            + "' belong to the job; choose another");
        }
    }

    private void checkCount(long count) throws Rejection {
        if (count < 1 || count > maxCount) {
            throw new Rejection("invalid-count", "count is " + count + ": expected 1 to " + maxCount);
        }
    }

    private SamplerSettings settingsOf(GenerationRequest request, CommittedCheckpoint checkpoint) throws Rejection {
        try {
            Abilities network = checkpoint.abilities();
            SamplerSettings settings = RequestSettings.of(request, network.prediction(), network.nearest(own));
            RequestSettings.requireFits(settings, network, checkpoint.checkpoint());
            return settings;
        } catch (SettingsException e) {
            throw new Rejection(e.code(), Text.singleLine(String.valueOf(e.getMessage())));
        }
    }

    private static List<Integer> labelsOf(List<String> classes, List<String> known) throws Rejection {
        if (classes.size() > MAX_CLASSES) {
            throw new Rejection(
                    "too-many-classes", "classes has " + classes.size() + " names: expected at most " + MAX_CLASSES);
        }
        List<Integer> labels = new ArrayList<>(classes.size());
        for (String name : classes) {
            int label = known.indexOf(name);
            if (label < 0) {
                throw new Rejection("unknown-class", unknownClass(name, known));
            }
            labels.add(label);
        }
        return labels;
    }

    private static String unknownClass(String name, List<String> known) {
        String meant = NearestName.among(known, name)
                .map(near -> "; did you mean '" + near + "'?")
                .orElse(".");
        List<String> first = known.subList(0, Math.min(20, known.size()));
        return "classes names '" + Text.quotable(name) + "', which the checkpoint does not know" + meant
                + " Expected names among " + String.join(", ", first)
                + (first.size() < known.size() ? " and " + (known.size() - first.size()) + " more" : "");
    }
}
