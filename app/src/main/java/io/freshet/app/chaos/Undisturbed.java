package io.freshet.app.chaos;

import io.freshet.app.cluster.Deliveries.Image;
import io.freshet.app.cluster.Deliveries.Sample;
import io.freshet.app.cluster.Load;
import io.freshet.app.images.OfflineSampler;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.checkpoint.Sha256;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.avro.GenerationRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Draws what was delivered once more where nothing goes wrong: in this process, by the engine alone. An image is a function of
 * checkpoint, request and index, but not of the request's id, so requests that differ in nothing else are drawn once. For use by one
 * thread.
 */
final class Undisturbed {
    private final CheckpointStore store;
    private final List<CheckpointRef> checkpoints;
    private final EngineOptions options;
    private final Map<Drawn, String> digests = new HashMap<>();

    /** What an image is a function of: the request has no id of its own here. */
    private record Drawn(String checkpointSha256, GenerationRequest request, long index) {}

    Undisturbed(CheckpointStore store, List<CheckpointRef> checkpoints, EngineOptions options) {
        this.store = store;
        this.checkpoints = List.copyOf(checkpoints);
        this.options = options;
    }

    /**
     * Compares all that a load was delivered.
     *
     * @param progress hears how many images were drawn
     * @return how many images are not what they would have been; one that came twice with different contents counts as well
     */
    long mismatches(Load load, LongConsumer progress) throws CheckpointException, IOException, InterruptedException {
        Map<String, GenerationRequest> requests = load.requests().stream()
                .collect(Collectors.toMap(GenerationRequest::getRequestId, Undisturbed::withoutId));
        Map<Sample, Image> images = load.deliveries().images();
        for (CheckpointRef checkpoint : checkpoints) {
            Set<GenerationRequest> wanted = images.entrySet().stream()
                    .filter(entry -> entry.getValue().checkpointSha256().equals(checkpoint.sha256()))
                    .flatMap(entry ->
                            Stream.ofNullable(requests.get(entry.getKey().requestId())))
                    .filter(request -> !digests.containsKey(new Drawn(checkpoint.sha256(), request, 0)))
                    .collect(Collectors.toCollection(LinkedHashSet::new));
            draw(checkpoint, List.copyOf(wanted), progress);
        }
        long mismatched = load.deliveries().differing();
        for (Map.Entry<Sample, Image> delivered : images.entrySet()) {
            GenerationRequest request = requests.get(delivered.getKey().requestId());
            Image image = delivered.getValue();
            String expected = request == null
                    ? null
                    : digests.get(new Drawn(
                            image.checkpointSha256(),
                            request,
                            delivered.getKey().index()));
            mismatched += image.pngSha256().equals(expected) ? 0 : 1;
        }
        return mismatched;
    }

    private static GenerationRequest withoutId(GenerationRequest request) {
        return GenerationRequest.newBuilder(request).setRequestId("undisturbed").build();
    }

    private void draw(CheckpointRef checkpoint, List<GenerationRequest> wanted, LongConsumer progress)
            throws CheckpointException, IOException, InterruptedException {
        if (wanted.isEmpty()) {
            return;
        }
        List<GenerationRequest> numbered = IntStream.range(0, wanted.size())
                .mapToObj(i -> GenerationRequest.newBuilder(wanted.get(i))
                        .setRequestId(Integer.toString(i))
                        .build())
                .toList();
        new OfflineSampler(new CheckpointDenoiserLoader(store), checkpoint, options).draw(numbered, image -> {
            ByteBuffer png = image.getPng().duplicate();
            byte[] file = new byte[png.remaining()];
            png.get(file);
            GenerationRequest request = wanted.get(Integer.parseInt(image.getRequestId()));
            digests.put(new Drawn(checkpoint.sha256(), request, image.getIndex()), Sha256.of(file));
            progress.accept(digests.size());
        });
    }
}
