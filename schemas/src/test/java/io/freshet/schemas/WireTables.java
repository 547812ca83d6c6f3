package io.freshet.schemas;

import io.freshet.schemas.avro.CandidateImage;
import io.freshet.schemas.avro.CheckpointAnnouncement;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.ControlCommand;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GeneratedPreview;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.RequestStatus;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.avro.JsonProperties;
import org.apache.avro.Schema;

/** Writes the tables of {@code docs/wire.md} from the schemas. */
final class WireTables {
    private WireTables() {}

    /** Topic by record, in the order of a request's life. */
    private static Map<Schema, String> topics() {
        Map<Schema, String> topics = new LinkedHashMap<>();
        topics.put(GenerationRequest.getClassSchema(), Topics.DEFAULT.requests());
        topics.put(RequestStatus.getClassSchema(), Topics.DEFAULT.status());
        topics.put(GeneratedImage.getClassSchema(), Topics.DEFAULT.images());
        topics.put(GeneratedPreview.getClassSchema(), Topics.DEFAULT.previews());
        topics.put(ControlCommand.getClassSchema(), Topics.DEFAULT.control());
        topics.put(CheckpointAnnouncement.getClassSchema(), Topics.DEFAULT.checkpoints());
        topics.put(CheckpointEvent.getClassSchema(), Topics.DEFAULT.checkpointEvents());
        topics.put(CandidateImage.getClassSchema(), Topics.DEFAULT.candidateImages());
        topics.put(MetricReport.getClassSchema(), Topics.DEFAULT.metrics());
        return topics;
    }

    static Set<Schema> schemas() {
        return topics().keySet();
    }

    static String markdown() {
        StringBuilder page = new StringBuilder();
        topics().forEach((schema, topic) -> {
            page.append("\n### ").append(schema.getName()).append("\n\n");
            page.append(schema.getDoc()).append(" Topic `").append(topic).append("`.\n\n");
            page.append("| field | JSON | if absent | meaning |\n| --- | --- | --- | --- |\n");
            schema.getFields().forEach(field -> page.append(row(field)));
        });
        return page.append('\n').toString();
    }

    private static String row(Schema.Field field) {
        String absent = field.hasDefaultValue() ? "`" + defaultOf(field) + "`" : "refused";
        return "| `" + field.name() + "` | " + kind(field.schema()) + " | " + absent + " | " + meaning(field) + " |\n";
    }

    private static String defaultOf(Schema.Field field) {
        Object value = field.defaultVal();
        if (value == JsonProperties.NULL_VALUE) {
            return "null";
        }
        return value instanceof String ? "\"" + value + "\"" : value.toString();
    }

    private static String kind(Schema schema) {
        return switch (schema.getType()) {
            case STRING -> "string";
            case BYTES -> "string (base64)";
            case INT -> "whole number (32 bit)";
            case LONG -> "whole number (64 bit)";
            case DOUBLE -> "number";
            case BOOLEAN -> "`true` or `false`";
            case ARRAY -> "array, each element " + kind(schema.getElementType());
            case ENUM ->
                schema.getEnumSymbols().stream()
                        .map(symbol -> "`\"" + symbol + "\"`")
                        .collect(Collectors.joining(", "));
            case UNION ->
                schema.getTypes().stream()
                                .filter(type -> type.getType() != Schema.Type.NULL)
                                .map(WireTables::kind)
                                .collect(Collectors.joining(" or "))
                        + " or `null`";
            default -> throw new IllegalArgumentException("No words for the type " + schema);
        };
    }

    private static String meaning(Schema.Field field) {
        boolean isEnum = field.schema().getType() == Schema.Type.ENUM;
        String text = isEnum ? field.doc() + " " + field.schema().getDoc() : field.doc();
        return text.replace("|", "\\|");
    }
}
