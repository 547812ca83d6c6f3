package io.freshet.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 in lower-case hexadecimal. */
public final class Sha256 {
    private static final int BUFFER_BYTES = 1 << 20;

    private Sha256() {}

    /** Of some bytes. */
    public static String of(byte[] bytes) {
        return hex(digest().digest(bytes));
    }

    /** Reads the file once, a piece at a time. */
    public static String of(Path file) throws IOException {
        MessageDigest digest = digest();
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
            }
        }
        return hex(digest.digest());
    }

    /** Hashes what passes through it; closing it is left to the owner of the channel behind. */
    static final class Channel implements WritableByteChannel {
        private final WritableByteChannel behind;
        private final MessageDigest digest = digest();

        Channel(WritableByteChannel behind) {
            this.behind = behind;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            ByteBuffer passed = bytes.duplicate();
            int written = behind.write(bytes);
            digest.update(passed.limit(passed.position() + written));
            return written;
        }

        /** The hash of all that was written; to be asked once, at the end. */
        String finish() {
            return hex(digest.digest());
        }

        @Override
        public boolean isOpen() {
            return behind.isOpen();
        }

        @Override
        public void close() {}
    }

    private static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest);
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java runtime has SHA-256", e);
        }
    }
}
