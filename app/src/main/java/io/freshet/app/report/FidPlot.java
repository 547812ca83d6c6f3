package io.freshet.app.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * A picture of how the Fréchet distance fell over training: logarithmic in the distance, every checkpoint a labelled point, and
 * the bias floor, below which no model could be expected to score, as a dashed line.
 *
 * @param run name of the training run
 * @param extractor name of the feature extractor, shown in the title since other extractors measure on other scales
 * @param samples images measured per checkpoint
 * @param biasFloor what a perfect model would be expected to score with that many
 * @param points one per checkpoint, in any order, at least one
 */
public record FidPlot(String run, String extractor, long samples, double biasFloor, List<Point> points) {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 520;
    private static final Color INK = new Color(0x22, 0x26, 0x2B);
    private static final Color FAINT = new Color(0x6B, 0x72, 0x7B);
    private static final Color GRID = new Color(0xE3, 0xE6, 0xEA);
    private static final Color LINE = new Color(0x1F, 0x6F, 0xB4);
    private static final Color FLOOR = new Color(0xC0, 0x50, 0x28);

    /** With more points than this, only some are labelled. */
    private static final int MOST_LABELS = 14;

    /**
     * One checkpoint.
     *
     * @param step optimizer steps
     * @param fid squared Fréchet distance
     */
    public record Point(long step, double fid) {
        public Point {
            if (!Double.isFinite(fid)) {
                throw new IllegalArgumentException(
                        "The distance at step " + step + " is " + fid + ": expected a finite number");
            }
        }
    }

    public FidPlot {
        points = points.stream().sorted(Comparator.comparingLong(Point::step)).toList();
        if (points.isEmpty()) {
            throw new IllegalArgumentException("A plot of Fréchet distances needs at least one checkpoint");
        }
        if (!(biasFloor > 0) || Double.isInfinite(biasFloor)) {
            throw new IllegalArgumentException("The bias floor is " + biasFloor + ": expected a positive number");
        }
    }

    /** Draws it as a PNG file. Needs a font on the machine, and {@code java.awt.headless=true} where there is no display. */
    public byte[] png() {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(run + ": FID (" + extractor + ") over " + samples + " samples")
                .xAxisTitle("training step")
                .yAxisTitle("FID, " + extractor)
                .build();
        style(chart.getStyler());

        double[] steps = points.stream().mapToDouble(Point::step).toArray();
        // Between samples of the reference itself rounding can give 0 or less, which a logarithm cannot show.
        double[] fids = points.stream()
                .mapToDouble(point -> Math.max(point.fid(), biasFloor / 10))
                .toArray();
        limits(chart.getStyler(), steps, fids);
        XYSeries measured = chart.addSeries("measured", steps, fids);
        measured.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(LINE).setLineColor(LINE);
        measured.setLineStyle(new BasicStroke(2.2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));

        double[] ends = {chart.getStyler().getXAxisMin(), chart.getStyler().getXAxisMax()};
        XYSeries floor = chart.addSeries("bias floor " + number(biasFloor), ends, new double[] {biasFloor, biasFloor});
        floor.setMarker(SeriesMarkers.NONE).setLineStyle(SeriesLines.DASH_DASH).setLineColor(FLOOR);
        label(chart, fids);
        try {
            return BitmapEncoder.getBitmapBytes(chart, BitmapFormat.PNG);
        } catch (IOException e) {
            throw new UncheckedIOException("Writing a plot to memory failed", e);
        }
    }

    private void limits(XYStyler styler, double[] steps, double[] fids) {
        double first = steps[0];
        double last = steps[steps.length - 1];
        double room = Math.max(1, 0.06 * (last - first));
        styler.setXAxisMin(Math.max(0, first - room));
        styler.setXAxisMax(last + room);
        double lowest = biasFloor;
        double highest = biasFloor;
        for (double fid : fids) {
            lowest = Math.min(lowest, fid);
            highest = Math.max(highest, fid);
        }
        styler.setYAxisMin(lowest / 1.5);
        styler.setYAxisMax(highest * 1.6);
    }

    /** Writes values a little above their points, the last one always. */
    private void label(XYChart chart, double[] fids) {
        double above =
                Math.pow(chart.getStyler().getYAxisMax() / chart.getStyler().getYAxisMin(), 0.035);
        int every = (points.size() + MOST_LABELS - 1) / MOST_LABELS;
        for (int i = points.size() - 1; i >= 0; i -= every) {
            Point point = points.get(i);
            chart.addAnnotation(new AnnotationText(number(point.fid()), point.step(), fids[i] * above, false));
        }
    }

    /** Three significant digits. */
    private static String number(double value) {
        double size = Math.abs(value);
        String format = size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f";
        return String.format(Locale.ROOT, format, value);
    }

    private static void style(XYStyler styler) {
        styler.setYAxisLogarithmic(true);
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(GRID);
        styler.setPlotGridVerticalLinesVisible(false);
        styler.setChartFontColor(INK);
        styler.setChartTitleBoxVisible(false);
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 16));
        styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        styler.setAxisTickLabelsColor(FAINT);
        styler.setXAxisDecimalPattern("#,##0");
        styler.setYAxisDecimalPattern("#,##0.###");
        styler.setAnnotationTextFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        styler.setAnnotationTextFontColor(INK);
        styler.setLegendPosition(LegendPosition.InsideNE);
        styler.setLegendBorderColor(Color.WHITE);
        styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        styler.setMarkerSize(8);
        styler.setLocale(Locale.ROOT);
        styler.setChartPadding(14);
    }
}
