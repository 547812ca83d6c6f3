package io.freshet.flink.shard;

import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;

/**
 * A tar file of images in the layout of WebDataset: each as NAME.png, and its record as NAME.json behind it. Equal images in equal order
 * give equal bytes: no times, no owners.
 */
final class TarFile implements BulkWriter<GeneratedImage> {
    private static final int READABLE = 0100644;

    private final JsonCodec<GeneratedImage> json = JsonCodec.of(GeneratedImage.class);
    private final TarArchiveOutputStream tar;

    /** @param out where the file goes; not closed here */
    TarFile(FSDataOutputStream out) {
        tar = new TarArchiveOutputStream(out, StandardCharsets.UTF_8.name());
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    }

    /** Makes writers of tar files. */
    static final class Factory implements BulkWriter.Factory<GeneratedImage> {
        private static final long serialVersionUID = 1;

        @Override
        public BulkWriter<GeneratedImage> create(FSDataOutputStream out) {
            return new TarFile(out);
        }
    }

    @Override
    public void addElement(GeneratedImage image) throws IOException {
        byte[] png = new byte[image.getPng().remaining()];
        image.getPng().duplicate().get(png);
        add(image.getMember(), png);
        add(ShardNames.recordBeside(image.getMember()), json.encode(ImagePlacement.withoutBytes(image)));
    }

    private void add(String name, byte[] content) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(content.length);
        entry.setMode(READABLE);
        entry.setModTime(0);
        entry.setIds(0, 0);
        entry.setNames("", "");
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
    }

    @Override
    public void flush() throws IOException {
        tar.flush();
    }

    @Override
    public void finish() throws IOException {
        tar.finish();
        tar.flush();
    }
}
