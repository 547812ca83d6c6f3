package io.freshet.script;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;

/** LibTorch, loaded into this process when it is first asked for. Stateless. */
final class TorchLibrary {
    /** DJL asks for this before it opens any address; the environment variable {@code DJL_OFFLINE} goes before it. */
    private static final String OFFLINE = "ai.djl.offline";

    private TorchLibrary() {}

    /**
     * The engine. Libraries come from the class path, or from where {@code PYTORCH_LIBRARY_PATH} points; nothing is fetched over the
     * network, which DJL would otherwise do where what it finds does not fit the machine.
     *
     * @throws IllegalStateException if there is no LibTorch that fits
     */
    static Engine load() {
        if (System.getProperty(OFFLINE) == null) {
            System.setProperty(OFFLINE, "true");
        }
        try {
            return Engine.getEngine("PyTorch");
        } catch (EngineException e) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            throw new IllegalStateException(
                    "LibTorch cannot be loaded: " + e.getMessage() + " (" + root.getMessage()
                            + "). Nothing is downloaded at run time: put a LibTorch that fits on the class path, or point"
                            + " PYTORCH_LIBRARY_PATH to one; see docs/gpu.md",
                    e);
        }
    }
}
