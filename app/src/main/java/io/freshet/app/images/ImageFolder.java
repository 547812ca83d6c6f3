package io.freshet.app.images;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.image.ContactSheet;
import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import io.freshet.schemas.avro.GeneratedImage;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;

/**
 * Images of one request on their way to a folder: {@code <index>-<class>.png}, a {@code manifest.jsonl} with a row per
 * image that holds all that is needed to draw it again; a contact sheet lies beside the folder, so that every PNG file in
 * it is an image. An image that the job did not send, but wrote into a shard or withheld, has a row alone. The folder appears under its name when it is complete; until then the files are in a neighbour whose name ends in {@code .partial}. For use by one thread.
 */
public final class ImageFolder {
    /** Name of the list of images. */
    public static final String MANIFEST = "manifest.jsonl";

    private static final String CONTACT_SHEET_SUFFIX = "-contact-sheet.png";
    private static final int SHEET_IMAGES = 100;
    private static final int SHEET_COLUMNS = 10;
    private static final int SHEET_PIXELS = 64;

    private final ObjectMapper json = new ObjectMapper();
    private final Path target;
    private final Path partial;
    private final int indexDigits;
    private final List<Row> rows = new ArrayList<>();
    private final SortedMap<Long, byte[]> sheet = new TreeMap<>();
    private int elsewhere;

    private record Row(long index, String json) {}

    private ImageFolder(Path target, Path partial, long count) {
        this.target = target;
        this.partial = partial;
        this.indexDigits = Long.toString(count - 1).length();
    }

    /**
     * Prepares a folder.
     *
     * @param count images it will hold
     * @throws IOException if there is something of that name already, other than an empty folder
     */
    public static ImageFolder create(Path target, long count) throws IOException {
        Path absolute = target.toAbsolutePath().normalize();
        if (Files.isDirectory(absolute)) {
            try (Stream<Path> content = Files.list(absolute)) {
                if (content.findAny().isPresent()) {
                    throw new IOException("'" + target + "' is not empty: choose another folder with --out");
                }
            }
        } else if (Files.exists(absolute)) {
            throw new IOException("'" + target + "' is a file: choose another folder with --out");
        }
        Path partial = absolute.resolveSibling(absolute.getFileName() + ".partial");
        FileUtils.deleteDirectory(partial.toFile());
        Files.createDirectories(partial);
        return new ImageFolder(absolute, partial, count);
    }

    /** Where the images are as long as some are missing. */
    public Path partialFolder() {
        return partial;
    }

    /** How many images are there. */
    public int size() {
        return rows.size();
    }

    /** Writes an image; of one whose bytes are elsewhere its row in the manifest, which says where. */
    public void add(GeneratedImage image) throws IOException {
        if (!image.getPng().hasRemaining()) {
            rows.add(new Row(image.getIndex(), json.writeValueAsString(manifestRow(image, null, null))));
            elsewhere++;
            return;
        }
        byte[] png = new byte[image.getPng().remaining()];
        image.getPng().duplicate().get(png);
        String file = String.format(
                Locale.ROOT,
                "%0" + indexDigits + "d-%s.png",
                image.getIndex(),
                image.getClassName().replaceAll("[^A-Za-z0-9_-]", "_"));
        Files.write(partial.resolve(file), png);
        rows.add(new Row(image.getIndex(), json.writeValueAsString(manifestRow(image, file, png))));
        if (image.getIndex() < SHEET_IMAGES) {
            sheet.put(image.getIndex(), png);
        }
    }

    /** How many of the images are not in the folder, but in a shard or withheld. */
    public int elsewhere() {
        return elsewhere;
    }

    /** The overview of a published folder; there is none of a folder without images. */
    public static Path contactSheetOf(Path folder) {
        Path absolute = folder.toAbsolutePath().normalize();
        return absolute.resolveSibling(absolute.getFileName() + CONTACT_SHEET_SUFFIX);
    }

    /** Writes manifest and contact sheet and gives the folder its name; returns where it is. */
    public Path publish(String title) throws IOException {
        rows.sort(Comparator.comparingLong(Row::index));
        try (BufferedWriter manifest = Files.newBufferedWriter(partial.resolve(MANIFEST))) {
            for (Row row : rows) {
                manifest.write(row.json());
                manifest.write('\n');
            }
        }
        if (!sheet.isEmpty()) {
            Files.write(contactSheetOf(target), Png.encode(contactSheet(title)));
        }
        Files.deleteIfExists(target);
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        return target;
    }

    /** Removes what has been written. */
    public void discard() throws IOException {
        FileUtils.deleteDirectory(partial.toFile());
    }

    private static Map<String, @Nullable Object> manifestRow(
            GeneratedImage image, @Nullable String file, byte @Nullable [] png) {
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        row.put("index", image.getIndex());
        if (file != null && png != null) {
            row.put("file", file);
            row.put("fileSha256", sha256(png));
        }
        if (image.getShard() != null) {
            row.put("shard", image.getShard());
            row.put("member", image.getMember());
        }
        if (image.getWithheld() != null) {
            row.put("withheld", image.getWithheld());
        }
        row.put("className", image.getClassName());
        row.put("label", image.getLabel());
        row.put("seed", image.getSeed());
        row.put("sampler", image.getSampler());
        row.put("steps", image.getSteps());
        row.put("eta", image.getEta());
        row.put("guidance", image.getGuidance());
        row.put("guidedChannels", image.getGuidedChannels());
        row.put("guidanceMinNoise", image.getGuidanceMinNoise());
        row.put("guidanceMaxNoise", image.getGuidanceMaxNoise());
        row.put("precision", image.getPrecision());
        row.put("featureCache", image.getFeatureCache());
        row.put("model", image.getModel());
        row.put("checkpointStep", image.getCheckpointStep());
        row.put("checkpointSha256", image.getCheckpointSha256());
        if (image.getAutoencoderSha256() != null) {
            row.put("autoencoderSha256", image.getAutoencoderSha256());
        }
        row.put("width", image.getWidth());
        row.put("height", image.getHeight());
        row.put("requestId", image.getRequestId());
        return row;
    }

    private RgbImage contactSheet(String title) throws IOException {
        List<RgbImage> images = new ArrayList<>();
        for (byte[] png : sheet.values()) {
            images.add(Png.decode(png));
        }
        List<ContactSheet.Row> lines = new ArrayList<>();
        for (int from = 0; from < images.size(); from += SHEET_COLUMNS) {
            int to = Math.min(images.size(), from + SHEET_COLUMNS);
            String label = from == to - 1 ? Integer.toString(from) : from + " – " + (to - 1);
            lines.add(new ContactSheet.Row(label, "", images.subList(from, to)));
        }
        int scale = Math.max(1, SHEET_PIXELS / images.get(0).width());
        return new ContactSheet(title, List.of(), lines, scale).render();
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("Every Java platform has SHA-256", e);
        }
    }
}
