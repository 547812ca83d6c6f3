package io.freshet.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.checkpoint.CheckpointDescription.ImageShape;
import io.freshet.checkpoint.CheckpointManifest.StoredFile;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The manifest as JSON. Fields that are missing or of another type are named; unknown ones are refused within a version. */
final class ManifestJson {
    private static final ObjectMapper JSON = new ObjectMapper(
                    JsonFactory.builder().build().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION))
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final Set<String> TOP_LEVEL = Set.of(
            "formatVersion",
            "model",
            "step",
            "architecture",
            "classNames",
            "imageShape",
            "files",
            "createdAt",
            "training");

    private ManifestJson() {}

    static byte[] write(CheckpointManifest manifest) {
        CheckpointDescription description = manifest.description();
        ObjectNode root = JSON.createObjectNode();
        root.put("formatVersion", CheckpointManifest.FORMAT_VERSION);
        root.put("model", description.model());
        root.put("step", description.step());
        root.putObject("architecture").put("name", description.architecture()).set("config", description.config());
        ArrayNode classNames = root.putArray("classNames");
        description.classNames().forEach(classNames::add);
        root.putObject("imageShape")
                .put("channels", description.imageShape().channels())
                .put("height", description.imageShape().height())
                .put("width", description.imageShape().width());
        ArrayNode files = root.putArray("files");
        manifest.files()
                .forEach(file -> files.addObject()
                        .put("name", file.name())
                        .put("size", file.size())
                        .put("sha256", file.sha256()));
        root.put("createdAt", manifest.createdAt().toString());
        root.set("training", description.training());
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A tree of JSON nodes cannot be written", e);
        }
    }

    /**
     * Reads a manifest.
     *
     * @throws CheckpointException saying which field is wrong, without the name of the file
     */
    static CheckpointManifest read(byte[] bytes) throws CheckpointException {
        JsonNode root;
        try {
            root = JSON.readTree(bytes);
        } catch (IOException e) {
            throw new CheckpointException("it is not JSON: " + e.getMessage(), e);
        }
        requireVersion(root);
        try {
            Fields fields = Fields.of(root, "", TOP_LEVEL);
            Fields architecture = fields.object("architecture", Set.of("name", "config"));
            Fields shape = fields.object("imageShape", Set.of("channels", "height", "width"));
            CheckpointDescription description = new CheckpointDescription(
                    fields.text("model"),
                    fields.integer("step"),
                    architecture.text("name"),
                    architecture.tree("config"),
                    classNames(fields),
                    new ImageShape(shape.size("channels"), shape.size("height"), shape.size("width")),
                    fields.tree("training"));
            return new CheckpointManifest(description, files(fields), Instant.parse(fields.text("createdAt")));
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new CheckpointException(String.valueOf(e.getMessage()), e);
        }
    }

    /** The version comes first: of a later one nothing else is known to be true. */
    private static void requireVersion(JsonNode root) throws CheckpointException {
        JsonNode version = root.path("formatVersion");
        if (!version.isInt() || version.asInt() != CheckpointManifest.FORMAT_VERSION) {
            throw new CheckpointException("field 'formatVersion' is " + (version.isMissingNode() ? "missing" : version)
                    + ", but this build reads version " + CheckpointManifest.FORMAT_VERSION
                    + " only: use the build that wrote it or a later one");
        }
    }

    private static List<String> classNames(Fields fields) throws CheckpointException {
        List<String> names = new ArrayList<>();
        for (JsonNode name : fields.array("classNames")) {
            if (!name.isTextual()) {
                throw new CheckpointException("field 'classNames' holds " + name + ": expected texts");
            }
            names.add(name.asText());
        }
        return names;
    }

    private static List<StoredFile> files(Fields fields) throws CheckpointException {
        List<StoredFile> files = new ArrayList<>();
        for (JsonNode node : fields.array("files")) {
            Fields file = Fields.of(node, "files[" + files.size() + "].", Set.of("name", "size", "sha256"));
            files.add(new StoredFile(file.text("name"), file.integer("size"), file.text("sha256")));
        }
        return files;
    }

    /** An object whose fields are all known by name and type. */
    private record Fields(JsonNode node, String path) {
        static Fields of(JsonNode node, String path, Set<String> names) throws CheckpointException {
            if (!node.isObject()) {
                throw new CheckpointException("'" + path + "' is " + node + ": expected a JSON object");
            }
            for (Map.Entry<String, JsonNode> field : node.properties()) {
                if (!names.contains(field.getKey())) {
                    throw new CheckpointException("field '" + path + field.getKey() + "' is unknown in version "
                            + CheckpointManifest.FORMAT_VERSION);
                }
            }
            return new Fields(node, path);
        }

        private CheckpointException wrong(String name, String expected) {
            JsonNode actual = node.path(name);
            return new CheckpointException("field '" + path + name + "' is "
                    + (actual.isMissingNode() ? "missing" : actual.toString()) + ": expected " + expected);
        }

        String text(String name) throws CheckpointException {
            if (!node.path(name).isTextual()) {
                throw wrong(name, "a text");
            }
            return node.get(name).asText();
        }

        long integer(String name) throws CheckpointException {
            if (!node.path(name).isIntegralNumber() || !node.get(name).canConvertToLong()) {
                throw wrong(name, "an integer");
            }
            return node.get(name).asLong();
        }

        int size(String name) throws CheckpointException {
            if (!node.path(name).isInt()) {
                throw wrong(name, "an integer below 2^31");
            }
            return node.get(name).asInt();
        }

        ObjectNode tree(String name) throws CheckpointException {
            if (node.path(name) instanceof ObjectNode object) {
                return object;
            }
            throw wrong(name, "a JSON object");
        }

        JsonNode array(String name) throws CheckpointException {
            if (!node.path(name).isArray()) {
                throw wrong(name, "an array");
            }
            return node.get(name);
        }

        Fields object(String name, Set<String> names) throws CheckpointException {
            return of(tree(name), path + name + ".", names);
        }
    }
}
