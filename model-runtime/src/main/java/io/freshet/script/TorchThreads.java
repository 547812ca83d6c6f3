package io.freshet.script;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;

/** How many threads LibTorch computes one operation with. */
public final class TorchThreads {
    private TorchThreads() {}

    /** As many as the calling thread's operations use. */
    public static int count() {
        Engine.getEngine("PyTorch");
        return JniUtils.getNumThreads();
    }

    /**
     * Sets it for operations that the calling thread starts, and for those of threads that have not run any yet.
     *
     * @throws IllegalArgumentException if less than one
     */
    public static void use(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads: expected at least 1");
        }
        Engine.getEngine("PyTorch");
        JniUtils.setNumThreads(threads);
    }
}
