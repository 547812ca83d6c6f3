package io.freshet.app.quickstart;

import io.freshet.app.quickstart.RunState.Checkpoint;
import io.freshet.image.ContactSheet;
import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import io.freshet.schemas.avro.GeneratedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Draws how the images grow up: a row for each checkpoint, a column for each of the seeds that all of them share. */
final class ProgressSheet {
    private static final int CELL_PIXELS = 64;

    private ProgressSheet() {}

    /**
     * Draws judged checkpoints.
     *
     * @param checkpoints at least one, each with the same samples
     */
    static byte[] png(String title, List<Checkpoint> checkpoints) throws IOException {
        List<ContactSheet.Row> rows = new ArrayList<>();
        List<String> columns = List.of();
        int width = 1;
        for (Checkpoint checkpoint : checkpoints) {
            // Neighbours of one class share a heading.
            List<GeneratedImage> samples = checkpoint.samples().values().stream()
                    .sorted(Comparator.comparingInt(GeneratedImage::getLabel).thenComparing(GeneratedImage::getIndex))
                    .toList();
            columns = samples.stream().map(GeneratedImage::getClassName).toList();
            List<RgbImage> images = new ArrayList<>();
            for (GeneratedImage sample : samples) {
                byte[] png = new byte[sample.getPng().remaining()];
                sample.getPng().duplicate().get(png);
                images.add(Png.decode(png));
            }
            width = images.get(0).width();
            double fid = checkpoint.report().orElseThrow().getFrechetDistance();
            rows.add(new ContactSheet.Row(
                    "step " + checkpoint.step(), String.format(Locale.ROOT, "FID %.2f", fid), images));
        }
        return Png.encode(new ContactSheet(title, columns, rows, Math.max(1, CELL_PIXELS / width)).render());
    }
}
