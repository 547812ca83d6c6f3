package io.freshet.app;

import io.freshet.app.console.CommandException;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.RequestClass;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a request is served by a job: options of commands that send one. */
final class ServiceOptions {
    @Option(
            names = "--request-class",
            paramLabel = "NAME",
            defaultValue = "interactive",
            description =
                    "interactive for somebody who waits, evaluation for images to judge a model by, bulk for a data set:"
                            + " which share of the engines it gets. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String requestClass;

    @Option(names = "--model", paramLabel = "NAME", description = "Training run to draw from. Default: the newest one")
    private @Nullable String model;

    @Option(
            names = "--within",
            paramLabel = "SECONDS",
            description = "The job drops what it has not drawn by then. Default: no limit")
    private @Nullable Double withinSeconds;

    @Option(
            names = "--on-swap",
            paramLabel = "WHAT",
            defaultValue = "finish",
            description =
                    "When another checkpoint begins to serve: finish with the first one, or restart what is not delivered"
                            + " from the other. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String onSwap;

    /** Decides the topic of the request. */
    RequestClass requestClass() throws CommandException {
        for (RequestClass each : RequestClass.values()) {
            if (each.name().toLowerCase(Locale.ROOT).equals(requestClass)) {
                return each;
            }
        }
        throw CommandException.badInput(
                "--request-class is '" + requestClass + "': expected interactive, evaluation or bulk");
    }

    /** The same request with these terms, its time beginning now. */
    GenerationRequest apply(GenerationRequest request) throws CommandException {
        if (withinSeconds != null && !(withinSeconds > 0)) {
            throw CommandException.badInput("--within is " + withinSeconds + ": expected a number of seconds above 0");
        }
        return GenerationRequest.newBuilder(request)
                .setModel(model)
                .setOnSwap(onSwap)
                .setDeadlineMillis(
                        withinSeconds == null ? null : System.currentTimeMillis() + Math.round(1000 * withinSeconds))
                .build();
    }
}
