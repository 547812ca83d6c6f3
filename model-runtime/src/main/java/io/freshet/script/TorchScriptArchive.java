package io.freshet.script;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Looks into a TorchScript archive without loading it.
 *
 * <p>TorchScript is a program, though a confined one: nearly all of its operations compute with tensors. The few that reach further
 * (files, remote calls, classes that a native library brings) are looked for in its source, and an archive with any of them is not
 * loaded.
 */
public final class TorchScriptArchive {
    private static final long MAX_SOURCE_BYTES = 64L << 20;
    private static final Pattern REACHES_FURTHER =
            Pattern.compile("\\.[\\s\\\\]*(save|from_file|rpc_async|rpc_sync|rpc_remote)[\\s\\\\]*\\("
                    + "|(torch[\\s\\\\]*\\.[\\s\\\\]*classes)\\b"
                    + "|\\b(ops[\\s\\\\]*\\.[\\s\\\\]*(?!prim\\b|aten\\b)\\w+)");

    private TorchScriptArchive() {}

    /** Whether a file is a zip archive with TorchScript in it, rather than one of tensors alone. */
    public static boolean is(Path file) {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (ZipFile zip = new ZipFile(file.toFile())) {
            return zip.stream().anyMatch(TorchScriptArchive::isSource);
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Requires that an archive does nothing but compute.
     *
     * @throws IOException if it cannot be read, is no TorchScript, or calls what reaches further; says which entry and call
     */
    public static void requireConfined(Path file) throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            boolean found = false;
            Enumeration<? extends ZipEntry> entries = zip.entries();
            while (entries.hasMoreElements()) {
                ZipEntry entry = entries.nextElement();
                if (isSource(entry)) {
                    found = true;
                    requireConfined(file, entry.getName(), text(file, zip, entry, MAX_SOURCE_BYTES));
                }
            }
            if (!found) {
                throw new IOException(
                        file + " holds no TorchScript: expected what torch.jit.save writes, with a folder 'code'");
            }
        } catch (ZipException e) {
            throw new IOException(file + " is no zip archive, as TorchScript is: " + e.getMessage(), e);
        }
    }

    private static void requireConfined(Path file, String entry, String source) throws IOException {
        Matcher matcher = REACHES_FURTHER.matcher(source);
        if (matcher.find()) {
            String call = matcher.group().replaceAll("[\\s\\\\(]", "");
            throw new IOException(file + " is refused: line "
                    + source.substring(0, matcher.start()).lines().count()
                    + " of its entry '" + entry + "' uses '" + call
                    + "', which reaches beyond tensors; export the network without it");
        }
    }

    /**
     * The text of an extra file that {@code torch.jit.save} was given, or that {@link ScriptModule#writeTo} was.
     *
     * @throws IOException if the archive cannot be read
     */
    public static Optional<String> extra(Path file, String name) throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            Optional<? extends ZipEntry> entry = zip.stream()
                    .filter(e -> e.getName().endsWith("/extra/" + name))
                    .findFirst();
            return entry.isEmpty() ? Optional.empty() : Optional.of(text(file, zip, entry.get(), 1 << 20));
        }
    }

    private static boolean isSource(ZipEntry entry) {
        return entry.getName().contains("/code/") && entry.getName().endsWith(".py");
    }

    private static String text(Path file, ZipFile zip, ZipEntry entry, long limit) throws IOException {
        try (InputStream in = zip.getInputStream(entry)) {
            byte[] bytes = in.readNBytes((int) limit + 1);
            if (bytes.length > limit) {
                throw new IOException(file + ": entry '" + entry.getName() + "' is larger than " + limit
                        + " bytes, which no network's is");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }
}
