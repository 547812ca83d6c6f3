package io.freshet.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.bench.SamplingBench;
import io.freshet.app.bench.SamplingFigures;
import io.freshet.app.bench.Spread;
import io.freshet.app.console.CommandException;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.ProgressBar;
import io.freshet.app.console.Table;
import io.freshet.app.console.Table.Column;
import io.freshet.app.models.NamedNetworks;
import io.freshet.model.ModelPreset;
import io.freshet.script.TorchThreads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Measures forward passes against the original's. */
@Command(
        name = "sampling",
        description = {
            "Time forward passes: the original's operations, ours in fp32, ours in bf16.",
            "",
            "The three take turns in one process, on the same random weights and inputs, and products of large matrices with them:"
                    + " what this machine multiplies at most. Utilisation is a pass's multiply-accumulates over that. Of ours it also"
                    + " tells what an evaluation takes where the deep stages run only in every third."
        },
        descriptionHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footer = {
            "",
            "Examples:",
            "  freshet bench sampling --model U-DiT-S --batch 8",
            "  freshet bench sampling --model U-DiT-B --batch 2 --rounds 21 --threads 1 --json",
        })
final class BenchSamplingCommand implements Callable<Integer> {
    private final Session session;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private BenchCommand parent;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = "U-DiT-S",
            description =
                    "A U-DiT of those that 'freshet model list' shows, with the paper's recipe. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String model;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "8", description = "Rows. Default: ${DEFAULT-VALUE}")
    private int batch;

    @Option(
            names = "--rounds",
            paramLabel = "R",
            defaultValue = "9",
            description = "How often each form runs, at least 7. Default: ${DEFAULT-VALUE}")
    private int rounds;

    @Option(names = "--threads", paramLabel = "T", description = "Threads of LibTorch. Default: as many as it takes.")
    private @Nullable Integer threads;

    @Option(
            names = "--matmul",
            paramLabel = "SIDE",
            defaultValue = "2048",
            description = "Side of the matrices multiplied beside it. Default: ${DEFAULT-VALUE}")
    private int matmulSize;

    @Option(names = "--json", description = "Print the figures as one JSON object on standard output.")
    private boolean asJson;

    BenchSamplingCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws CommandException, IOException {
        Logging.toConsole(parent.verbose());
        SamplingFigures figures = measure();
        if (asJson) {
            session.results().println(new ObjectMapper().writeValueAsString(figures));
        } else {
            table(figures).forEach(session.results()::println);
        }
        return ExitCode.OK;
    }

    private SamplingFigures measure() throws CommandException {
        ModelPreset preset = NamedNetworks.find(model);
        try {
            int used = threads == null ? TorchThreads.count() : threads;
            SamplingBench bench = new SamplingBench(preset.name(), preset.config(), batch, rounds, used, matmulSize);
            try (ProgressBar bar = new ProgressBar(session.terminal(), "measuring", "rounds", rounds)) {
                return bench.run(done -> bar.update(done, preset.name()));
            }
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(e);
        } catch (IllegalStateException e) {
            throw CommandException.failure(String.valueOf(e.getMessage()), e);
        }
    }

    private static List<String> table(SamplingFigures figures) {
        Table table = new Table(
                Column.text("form"),
                Column.number("seconds"),
                Column.number("min"),
                Column.number("max"),
                Column.number("ratio"),
                Column.number("error"),
                Column.number("matmul GFLOP/s"),
                Column.number("utilisation"));
        row(table, figures, "reference", "referenceSeconds", "", "", "", "");
        row(
                table,
                figures,
                "fp32",
                "fp32Seconds",
                number("%.2f", figures.fp32Ratio()),
                number("%.1e", figures.fp32Error()),
                number("%.0f", figures.matmulGflopsFp32()),
                number("%.2f", figures.fp32Utilisation()));
        row(
                table,
                figures,
                "bf16",
                "bf16Seconds",
                number("%.2f", figures.bf16Ratio()),
                number("%.1e", figures.bf16Error()),
                number("%.0f", figures.matmulGflopsBf16()),
                number("%.2f", figures.bf16Utilisation()));
        List<String> lines = new ArrayList<>(table.lines());
        lines.add("");
        lines.add(String.format(
                Locale.ROOT,
                "one whole evaluation in %d: %.4f s each in fp32 (%.2f times as fast), %.4f s in bf16 (%.2f times)",
                figures.cacheInterval(),
                figures.fp32CacheSeconds(),
                figures.fp32CacheRatio(),
                figures.bf16CacheSeconds(),
                figures.bf16CacheRatio()));
        lines.add(String.format(
                Locale.ROOT,
                "%s, batch %d, %.2f GMACs per row, %d rounds, %d threads",
                figures.model(),
                figures.batch(),
                figures.gigaMacs(),
                figures.rounds(),
                figures.threads()));
        return lines;
    }

    private static void row(Table table, SamplingFigures figures, String form, String spread, String... rest) {
        Spread seconds = Objects.requireNonNull(figures.spreads().get(spread));
        table.row(
                form,
                number("%.4f", seconds.median()),
                number("%.4f", seconds.min()),
                number("%.4f", seconds.max()),
                rest[0],
                rest[1],
                rest[2],
                rest[3]);
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
