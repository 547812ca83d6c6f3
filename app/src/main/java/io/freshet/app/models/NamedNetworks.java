package io.freshet.app.models;

import io.freshet.app.console.CommandException;
import io.freshet.model.ModelPreset;
import io.freshet.model.Presets;
import java.util.stream.Collectors;

/** Networks as users name them. Stateless. */
public final class NamedNetworks {
    private NamedNetworks() {}

    /**
     * One of the published networks.
     *
     * @throws CommandException naming all that there are, if it is none
     */
    public static ModelPreset find(String name) throws CommandException {
        return Presets.find(name)
                .orElseThrow(() -> CommandException.badInput("there is no network '" + name + "': expected one of "
                        + Presets.all().stream().map(ModelPreset::name).collect(Collectors.joining(", "))));
    }
}
