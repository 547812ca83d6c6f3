package io.freshet.flink.job;

import org.apache.flink.api.common.operators.SlotSharingGroup;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;

/**
 * Which slots engines are given. Without GPUs any, and they share them with everything else. With GPUs, engines get slots of their own, on
 * TaskManagers that offer Flink's external resource {@code gpu}.
 *
 * <p>Everything else must then say what it needs as well: a slot that nothing is asked of is an even share of its TaskManager, of the GPUs
 * too, and what is left of them is not enough for an engine.
 *
 * @param gpus GPUs for each engine; 0 for none
 * @param engine what else an engine's slot offers; not looked at without GPUs
 * @param other what a slot of everything else offers, likewise
 */
public record EnginePlacement(int gpus, SlotSize engine, SlotSize other) {
    /** Anywhere. */
    public static final EnginePlacement ANYWHERE = new EnginePlacement(
            0,
            new SlotSize(1, MemorySize.ofMebiBytes(512), MemorySize.ofMebiBytes(2048), MemorySize.ZERO),
            new SlotSize(1, MemorySize.ofMebiBytes(512), MemorySize.ofMebiBytes(64), MemorySize.ofMebiBytes(256)));

    /** Slots of engines that need GPUs. */
    static final String ENGINES = "engines";

    /** Slots of everything else, where engines need GPUs. */
    static final String BESIDE_ENGINES = "beside-engines";

    /** Name of the resource, as {@code external-resources} of the TaskManagers lists it. */
    static final String GPU = "gpu";

    private static final int MOST_GPUS = 64;

    public EnginePlacement {
        if (gpus < 0 || gpus > MOST_GPUS) {
            throw new IllegalArgumentException("gpusPerEngine is " + gpus + ": expected 0 to " + MOST_GPUS);
        }
    }

    /** Puts the engines where they belong; what follows them goes with them, until it is put elsewhere. */
    void placeEngines(SingleOutputStreamOperator<?> engines) {
        if (gpus > 0) {
            SlotSharingGroup group =
                    engine.group(ENGINES).setExternalResource(GPU, gpus).build();
            engines.slotSharingGroup(group);
        }
    }

    /** Puts an operator, and what follows it, beside the engines. */
    void placeBeside(SingleOutputStreamOperator<?> operator) {
        if (gpus > 0) {
            operator.slotSharingGroup(other.group(BESIDE_ENGINES).build());
        }
    }
}
