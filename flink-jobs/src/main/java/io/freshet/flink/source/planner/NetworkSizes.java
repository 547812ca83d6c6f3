package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What networks take in a reader's memory, as readers told. A network that none has told of yet is taken for as large as the last one of
 * its model; a reader puts that right when it comes to stage it. Owned by the planner; not thread-safe.
 */
final class NetworkSizes {
    private static final int REMEMBERED = 1000;

    private final Map<NetworkForm, Long> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<NetworkForm, Long> eldest) {
            return size() > REMEMBERED;
        }
    };
    private final Map<ModelForm, Long> lastOfModel = new HashMap<>();

    private record ModelForm(String model, Precision precision) {
        static ModelForm of(NetworkForm network) {
            return new ModelForm(network.checkpoint().model(), network.precision());
        }
    }

    /** Takes in what a reader told. */
    void learn(NetworkForm network, long bytes) {
        known.put(network, bytes);
        lastOfModel.put(ModelForm.of(network), bytes);
    }

    /** What a network takes; null if none has told yet. */
    @Nullable
    Long known(NetworkForm network) {
        return known.get(network);
    }

    /** What a network takes, nearly; 0 where nothing is known of its model. */
    long of(NetworkForm network) {
        Long exact = known.get(network);
        return exact != null ? exact : guess(network.checkpoint(), network.precision());
    }

    private long guess(CheckpointRef checkpoint, Precision precision) {
        Long same = lastOfModel.get(new ModelForm(checkpoint.model(), precision));
        if (same != null) {
            return same;
        }
        Precision other = precision == Precision.FP32 ? Precision.BF16 : Precision.FP32;
        Long inOther = lastOfModel.get(new ModelForm(checkpoint.model(), other));
        if (inOther == null) {
            return 0;
        }
        return precision == Precision.FP32 ? 2 * inOther : inOther / 2;
    }
}
