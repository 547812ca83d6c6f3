package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.text.Text;
import io.freshet.schemas.avro.CheckpointAnnouncement;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import java.util.regex.Pattern;

/** Reads announcements of checkpoints, and says why where a message is none. Changes nothing. Not thread-safe. */
final class AnnouncementJudge {
    private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,79}");

    private final JsonCodec<CheckpointAnnouncement> announcements = JsonCodec.of(CheckpointAnnouncement.class);

    /**
     * Reads an announcement.
     *
     * @throws Rejection if it is none
     */
    CheckpointRef announcement(RawMessage message) throws Rejection {
        CheckpointAnnouncement announced;
        try {
            announced = announcements.decode(message.requireValue());
        } catch (InvalidRecordException e) {
            throw new Rejection("bad-announcement", String.valueOf(e.getMessage()));
        }
        if (!MODEL.matcher(announced.getModel()).matches()) {
            throw new Rejection(
                    "bad-announcement",
                    "model is '" + Text.quotable(announced.getModel())
                            + "': expected 1 to 80 letters, digits, '.', '_' or '-', the first a letter or digit");
        }
        try {
            return new CheckpointRef(
                    announced.getModel(), announced.getStep(), announced.getDirectory(), announced.getSha256());
        } catch (IllegalArgumentException e) {
            throw new Rejection("bad-announcement", Text.singleLine(String.valueOf(e.getMessage())));
        }
    }
}
