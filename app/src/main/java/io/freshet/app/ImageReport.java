package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.images.ImageFolder;
import io.freshet.schemas.avro.GeneratedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Says what was drawn. */
final class ImageReport {
    private ImageReport() {}

    /**
     * Says it in a line for people and, if asked for, in one for programs.
     *
     * @param any one of the images
     */
    static void tell(Session session, boolean asJson, Path folder, GeneratedImage any, double seconds)
            throws IOException {
        tell(session, asJson, folder, any, seconds, Map.of());
    }

    /**
     * Says it with more for programs.
     *
     * @param details names and values to be added
     */
    static void tell(
            Session session,
            boolean asJson,
            Path folder,
            GeneratedImage any,
            double seconds,
            Map<String, Object> details)
            throws IOException {
        session.terminal()
                .line(String.format(
                        Locale.ROOT,
                        "%,d images from checkpoint %s of step %d (%s) in %.1f s: %s",
                        any.getCount(),
                        any.getCheckpointSha256().substring(0, 8),
                        any.getCheckpointStep(),
                        any.getModel(),
                        seconds,
                        folder));
        if (asJson) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("requestId", any.getRequestId());
            result.put("count", any.getCount());
            result.put("directory", folder.toString());
            result.put("manifest", folder.resolve(ImageFolder.MANIFEST).toString());
            result.put("contactSheet", ImageFolder.contactSheetOf(folder).toString());
            result.put("model", any.getModel());
            result.put("checkpointStep", any.getCheckpointStep());
            result.put("checkpointSha256", any.getCheckpointSha256());
            result.put("precision", any.getPrecision());
            result.put("featureCache", any.getFeatureCache());
            result.putAll(details);
            result.put("wallSeconds", Math.round(seconds * 1000) / 1000.0);
            session.results().println(new ObjectMapper().writeValueAsString(result));
        }
    }
}
