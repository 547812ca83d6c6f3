package io.freshet.flink.source.split;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Numbers that stand for contents: the first 64 bits of SHA-256, so the same on every machine and in every release. Stateless. */
public final class Fingerprint {
    private Fingerprint() {}

    public static long of(byte[] content) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(content))
                    .getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
