package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.Table;
import io.freshet.app.console.Table.Column;
import io.freshet.model.DenoiserNetwork;
import io.freshet.model.ModelPreset;
import io.freshet.model.MultiplyAccumulates;
import io.freshet.model.ParameterCounts;
import io.freshet.model.Presets;
import io.freshet.model.UDitConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists the published sizes. */
@Command(
        name = "list",
        description = {
            "List the published sizes, with their parameters and their work.",
            "",
            "Work is in 1e9 multiply-accumulates for one image in one forward pass: of convolutions, linear layers and attention, as"
                    + " trained and folded for inference. The U-DiT paper also counts elementwise products, and so does the"
                    + " column that stands beside its figures for U-DiT; the DiT paper does not."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {"", "Examples:", "  freshet model list", "  freshet model list --json | jq '.models[].name'"})
final class ModelListCommand implements Callable<Integer> {
    private static final double GIGA = 1e9;

    private final Session session;

    @Option(names = "--json", description = "Print one JSON object on standard output: 'models', a list.")
    private boolean asJson;

    ModelListCommand(Session session) {
        this.session = session;
    }

    /** A preset with its figures. */
    private record Row(
            ModelPreset preset, ParameterCounts parameters, MultiplyAccumulates trained, MultiplyAccumulates folded) {
        static Row of(ModelPreset preset) {
            DenoiserNetwork network = preset.config().network();
            return new Row(
                    preset,
                    ParameterCounts.of(network),
                    network.multiplyAccumulates(false),
                    network.multiplyAccumulates(true));
        }

        /** As the paper counts that it is from. */
        double asInPaper() {
            return (preset.config() instanceof UDitConfig ? folded.withElementwise() : folded.total()) / GIGA;
        }
    }

    @Override
    public Integer call() throws IOException {
        List<Row> rows = Presets.all().stream().map(Row::of).toList();
        if (asJson) {
            List<Map<String, Object>> models = new ArrayList<>();
            rows.forEach(row -> models.add(json(row)));
            session.results().println(new ObjectMapper().writeValueAsString(Map.of("models", models)));
        } else {
            table(rows).lines().forEach(session.results()::println);
        }
        return ExitCode.OK;
    }

    private static Table table(List<Row> rows) {
        Table table = new Table(
                Column.text("name"),
                Column.number("parameters"),
                Column.number("when folded"),
                Column.number("GMACs"),
                Column.number("when folded"),
                Column.number("as in paper"),
                Column.number("paper"));
        for (Row row : rows) {
            table.row(
                    row.preset.name(),
                    String.format(Locale.ROOT, "%,d", row.parameters.total()),
                    String.format(Locale.ROOT, "%,d", row.parameters.folded()),
                    giga(row.trained.total() / GIGA),
                    giga(row.folded.total() / GIGA),
                    giga(row.asInPaper()),
                    row.preset.paperGigaMacs().isPresent()
                            ? giga(row.preset.paperGigaMacs().getAsDouble())
                            : "");
        }
        return table;
    }

    private static String giga(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private static Map<String, Object> json(Row row) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", row.preset.name());
        json.put("architecture", row.preset.config().architecture());
        json.put("parameters", row.parameters);
        json.put("multiplyAccumulates", row.trained);
        json.put("foldedMultiplyAccumulates", row.folded);
        json.put("gigaMacsAsInPaper", row.asInPaper());
        OptionalDouble paper = row.preset.paperGigaMacs();
        json.put("paperGigaMacs", paper.isPresent() ? paper.getAsDouble() : null);
        return json;
    }
}
