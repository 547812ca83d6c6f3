package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.models.NamedNetworks;
import io.freshet.app.models.ParameterTree;
import io.freshet.model.Architectures;
import io.freshet.model.DenoiserNetwork;
import io.freshet.model.ModelPreset;
import io.freshet.model.ParameterCounts;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows one network. */
@Command(
        name = "show",
        description = "Show a network's configuration, and its parameters as a tree with their shapes.",
        descriptionHeading = "%n",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet model show U-DiT-S",
            "  freshet model show DiT-XL/2 --all",
            "      every block, also those that are alike",
            "  freshet model show U-DiT-B --json | jq .config"
        })
final class ModelShowCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(paramLabel = "NAME", description = "Of those that 'freshet model list' shows.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String name;

    @Option(names = "--all", description = "Show blocks that are alike one by one.")
    private boolean all;

    @Option(
            names = "--json",
            description = "Print one JSON object on standard output: 'config', and 'parameters', shapes by name.")
    private boolean asJson;

    ModelShowCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws CommandException, IOException {
        ModelPreset preset = NamedNetworks.find(name);
        DenoiserNetwork network = preset.config().network();
        if (asJson) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("name", preset.name());
            json.put("architecture", preset.config().architecture());
            json.put("config", Architectures.describe(preset.config()));
            json.put("parameters", network.parameters());
            session.results().println(new ObjectMapper().writeValueAsString(json));
        } else {
            session.results()
                    .println(String.format(
                            Locale.ROOT,
                            "%s: %s, %,d parameters",
                            preset.name(),
                            preset.config().architecture(),
                            ParameterCounts.of(network).total()));
            Architectures.describe(preset.config())
                    .properties()
                    .forEach(field -> session.results().println("  " + field.getKey() + ": " + field.getValue()));
            session.results().println();
            new ParameterTree(network.parameters(), !all, session.terminal().isUnicode())
                    .lines()
                    .forEach(session.results()::println);
        }
        return ExitCode.OK;
    }
}
