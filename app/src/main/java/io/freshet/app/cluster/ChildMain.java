package io.freshet.app.cluster;

import io.freshet.app.console.StopSignals;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.util.Arrays;

/**
 * What every process of a {@link ProcessCluster} runs: the main class that its first argument names, with the others. It ends at
 * once when its standard input does, which is when whoever started it has gone, however that ended.
 */
final class ChildMain {
    private ChildMain() {}

    public static void main(String[] arguments) throws Exception {
        // The terminal sends Ctrl-C to this process too; what happens then is for the one that started it to say.
        StopSignals.ignoreInterrupts();
        Thread watch = new Thread(ChildMain::endWithInput, "parent watch");
        watch.setDaemon(true);
        watch.start();
        Method main = Class.forName(arguments[0]).getDeclaredMethod("main", String[].class);
        main.setAccessible(true);
        main.invoke(null, (Object) Arrays.copyOfRange(arguments, 1, arguments.length));
    }

    private static void endWithInput() {
        try {
            System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // A broken pipe is an end too.
        }
        StopSignals.killThisProcess();
    }
}
