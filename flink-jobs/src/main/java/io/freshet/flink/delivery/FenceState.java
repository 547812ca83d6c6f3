package io.freshet.flink.delivery;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a task of the fence keeps in a checkpoint.
 *
 * @param topic of images
 * @param offsets by partition: all that goes to the topic after this checkpoint has at least these
 * @param passed samples that went on to the topic before this checkpoint, at least those that may have such an offset
 * @param awaited samples that were found on the topic after an earlier restore and have not come again yet; of each task a part
 */
record FenceState(String topic, SortedMap<Integer, Long> offsets, SampleIds passed, SampleIds awaited) {
    FenceState(String topic, Map<Integer, Long> offsets, SampleIds passed, SampleIds awaited) {
        this(topic, new TreeMap<>(offsets), passed, awaited);
    }
}
