package io.freshet.evaluation;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * A hopping window over the last samples: every {@code slide} of them it gives the moments of the last {@code size}. Samples
 * are gathered in panes of gcd(size, slide) which are merged, never subtracted, so one outlier leaves no error behind once it
 * has left. Keeps size / pane moments. Not thread-safe.
 */
public final class PaneWindow {
    private static final byte VERSION = 1;

    private final int size;
    private final int slide;
    private final int paneSize;
    private final Deque<Moments> panes = new ArrayDeque<>(); // oldest first; all full but perhaps the last
    private final double[] centre;
    private long seen;

    /**
     * An empty window.
     *
     * @param size samples in a full window
     * @param slide samples from one result to the next, at most {@code size}
     * @param centre of the moments, [d]
     */
    public PaneWindow(int size, int slide, double[] centre) {
        if (size < 2 || slide < 1 || slide > size) {
            throw new IllegalArgumentException("A window of " + size + " samples with a result every " + slide
                    + ": expected at least 2 samples, and a result every 1 to size samples");
        }
        this.size = size;
        this.slide = slide;
        this.paneSize = greatestCommonDivisor(size, slide);
        this.centre = centre.clone();
    }

    /**
     * Takes one sample in.
     *
     * @param features [d]
     * @return the moments of the last samples, at most {@code size} of them, whenever {@code slide} more have come
     */
    public Optional<Moments> add(float[] features) {
        Moments open = panes.peekLast();
        if (open == null || open.count() == paneSize) {
            open = new Moments(centre);
            open.add(features);
            panes.addLast(open);
            if (panes.size() > size / paneSize) {
                panes.removeFirst();
            }
        } else {
            open.add(features);
        }
        seen++;
        if (seen % slide != 0) {
            return Optional.empty();
        }
        Moments window = new Moments(centre);
        panes.forEach(window::mergeWith);
        return Optional.of(window);
    }

    /** Samples that a full window holds. */
    public int size() {
        return size;
    }

    /** Samples taken in so far, those that have left included. */
    public long seen() {
        return seen;
    }

    /** Version, sizes, centre, panes as {@link Moments#toBytes}, and a checksum; big-endian. */
    public byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeInt(size);
            out.writeInt(slide);
            out.writeLong(seen);
            writeMoments(out, new Moments(centre));
            out.writeInt(panes.size());
            for (Moments pane : panes) {
                writeMoments(out, pane);
            }
            out.writeInt(Moments.checksum(bytes.toByteArray(), bytes.size()));
        } catch (IOException e) {
            throw new UncheckedIOException("Writing to memory failed", e);
        }
        return bytes.toByteArray();
    }

    /**
     * Reads what {@link #toBytes} wrote.
     *
     * @throws IllegalArgumentException if the bytes are of another version, cut short or damaged
     */
    public static PaneWindow fromBytes(byte[] bytes) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            byte version = in.readByte();
            if (version != VERSION) {
                throw new IllegalArgumentException("A pane window is of version " + version
                        + ": this release reads version " + VERSION + "; read it with the release that wrote it");
            }
            int end = bytes.length - Integer.BYTES;
            if (end < 1 || ByteBuffer.wrap(bytes).getInt(end) != Moments.checksum(bytes, end)) {
                throw new IllegalArgumentException(
                        "A pane window of " + bytes.length + " bytes is cut short or damaged: its checksum is wrong");
            }
            int size = in.readInt();
            int slide = in.readInt();
            long seen = in.readLong();
            PaneWindow window = new PaneWindow(size, slide, readMoments(in).centre());
            window.seen = seen;
            for (int panes = in.readInt(); panes > 0; panes--) {
                window.panes.addLast(readMoments(in));
            }
            return window;
        } catch (IOException e) {
            throw new IllegalArgumentException("A pane window is cut short after " + bytes.length + " bytes", e);
        }
    }

    private static void writeMoments(DataOutputStream out, Moments moments) throws IOException {
        byte[] bytes = moments.toBytes();
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static Moments readMoments(DataInputStream in) throws IOException {
        return Moments.fromBytes(in.readNBytes(in.readInt()));
    }

    private static int greatestCommonDivisor(int a, int b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }
}
