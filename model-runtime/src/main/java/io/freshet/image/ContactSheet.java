package io.freshet.image;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;

/**
 * A grid of images on white: one row per checkpoint, one column per seed, so that reading downwards shows one sample change
 * as training goes on.
 *
 * @param title drawn above everything; may be empty
 * @param columns a name for each column, or empty for no header; equal neighbours share one centred name
 * @param rows top to bottom, at least one; a row may hold fewer images than others
 * @param scale whole factor by which images are enlarged, nearest neighbour
 */
public record ContactSheet(String title, List<String> columns, List<Row> rows, int scale) {
    private static final int MARGIN = 12;
    private static final int GAP = 2;
    private static final Color INK = new Color(0x22, 0x26, 0x2B);
    private static final Color FAINT = new Color(0x6B, 0x72, 0x7B);
    private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 15);
    private static final Font LABEL = new Font(Font.SANS_SERIF, Font.BOLD, 13);
    private static final Font DETAIL = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
    private static final int SMALLEST_HEADER = 8;

    /**
     * One line of the sheet.
     *
     * @param label such as {@code step 400}
     * @param detail a second line under the label, such as {@code FID 12.3}; may be empty
     * @param images left to right, all of one size over the whole sheet
     */
    public record Row(String label, String detail, List<RgbImage> images) {
        public Row {
            images = List.copyOf(images);
        }
    }

    public ContactSheet {
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
        if (scale < 1 || scale > 32) {
            throw new IllegalArgumentException("Contact sheet scale is " + scale + ": expected 1 to 32");
        }
        List<RgbImage> images =
                rows.stream().flatMap(row -> row.images().stream()).toList();
        if (images.isEmpty()) {
            throw new IllegalArgumentException("A contact sheet needs at least one image");
        }
        RgbImage first = images.get(0);
        for (RgbImage image : images) {
            if (image.width() != first.width() || image.height() != first.height()) {
                throw new IllegalArgumentException("A contact sheet takes images of one size: found " + first.width()
                        + "x" + first.height() + " and " + image.width() + "x" + image.height());
            }
        }
        int widest = widest(rows);
        if (!columns.isEmpty() && columns.size() != widest) {
            throw new IllegalArgumentException("The contact sheet has " + widest + " columns of images but "
                    + columns.size() + " column names: give one for each, or none");
        }
    }

    /** Draws the sheet. Needs a font on the machine, and {@code java.awt.headless=true} where there is no display. */
    public RgbImage render() {
        Layout layout = layout();
        BufferedImage sheet = new BufferedImage(layout.width, layout.height, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D g = sheet.createGraphics();
        try {
            g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, layout.width, layout.height);
            drawTitle(g);
            drawHeader(g, layout);
            for (int i = 0; i < rows.size(); i++) {
                drawRow(g, layout, rows.get(i), layout.top + i * (layout.rowHeight + GAP));
            }
        } finally {
            g.dispose();
        }
        return Png.fromBuffered(sheet);
    }

    private void drawTitle(Graphics2D g) {
        g.setColor(INK);
        g.setFont(TITLE);
        g.drawString(title, MARGIN, MARGIN + g.getFontMetrics().getAscent());
    }

    private void drawHeader(Graphics2D g, Layout layout) {
        g.setColor(FAINT);
        int baseline = layout.top - 6;
        for (int from = 0, to; from < columns.size(); from = to) {
            String name = columns.get(from);
            for (to = from + 1; to < columns.size() && columns.get(to).equals(name); ) {
                to++;
            }
            int span = (to - from) * (layout.cellWidth + GAP) - GAP;
            g.setFont(DETAIL);
            while (g.getFontMetrics().stringWidth(name) > span && g.getFont().getSize() > SMALLEST_HEADER) {
                g.setFont(g.getFont().deriveFont(g.getFont().getSize2D() - 1));
            }
            String shown = shorten(name, g.getFontMetrics(), span);
            int x = layout.left + from * (layout.cellWidth + GAP);
            g.drawString(shown, x + (span - g.getFontMetrics().stringWidth(shown)) / 2, baseline);
        }
    }

    private static String shorten(String name, FontMetrics metrics, int span) {
        String shown = name;
        for (int length = name.length(); metrics.stringWidth(shown) > span && length > 1; ) {
            shown = name.substring(0, --length) + "…";
        }
        return shown;
    }

    private static void drawRow(Graphics2D g, Layout layout, Row row, int y) {
        FontMetrics label = g.getFontMetrics(LABEL);
        FontMetrics detail = g.getFontMetrics(DETAIL);
        boolean twoLines = !row.detail().isEmpty();
        int textHeight = label.getHeight() + (twoLines ? detail.getHeight() : 0);
        int baseline = y + (layout.rowHeight - textHeight) / 2 + label.getAscent();
        int right = layout.left - 10;
        g.setFont(LABEL);
        g.setColor(INK);
        g.drawString(row.label(), right - label.stringWidth(row.label()), baseline);
        if (twoLines) {
            g.setFont(DETAIL);
            g.setColor(FAINT);
            g.drawString(row.detail(), right - detail.stringWidth(row.detail()), baseline + detail.getHeight());
        }
        int x = layout.left;
        int imageY = y + (layout.rowHeight - layout.cellHeight) / 2;
        for (RgbImage image : row.images()) {
            // The default interpolation is nearest neighbour, which is what whole factors need.
            g.drawImage(Png.asBuffered(image), x, imageY, layout.cellWidth, layout.cellHeight, null);
            x += layout.cellWidth + GAP;
        }
    }

    private record Layout(int width, int height, int left, int top, int cellWidth, int cellHeight, int rowHeight) {}

    private Layout layout() {
        RgbImage any =
                rows.stream().flatMap(row -> row.images().stream()).findFirst().orElseThrow();
        BufferedImage scratch = new BufferedImage(1, 1, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D g = scratch.createGraphics();
        try {
            FontMetrics label = g.getFontMetrics(LABEL);
            FontMetrics detail = g.getFontMetrics(DETAIL);
            int labelWidth = 0;
            boolean anyDetail = false;
            for (Row row : rows) {
                labelWidth = Math.max(labelWidth, label.stringWidth(row.label()));
                labelWidth = Math.max(labelWidth, detail.stringWidth(row.detail()));
                anyDetail |= !row.detail().isEmpty();
            }
            int left = MARGIN + (labelWidth == 0 ? 0 : labelWidth + 10);
            int top = MARGIN
                    + (title.isEmpty() ? 0 : g.getFontMetrics(TITLE).getHeight() + 6)
                    + (columns.isEmpty() ? 0 : detail.getHeight() + 4);
            int cellHeight = any.height() * scale;
            int cellWidth = any.width() * scale;
            int needed = label.getHeight() + (anyDetail ? detail.getHeight() : 0);
            // Tiny images still get rows tall enough for their label.
            int rowHeight = Math.max(cellHeight, labelWidth == 0 ? 0 : needed);
            int titleWidth = title.isEmpty() ? 0 : g.getFontMetrics(TITLE).stringWidth(title) + 2 * MARGIN;
            int width = Math.max(titleWidth, left + widest(rows) * (cellWidth + GAP) - GAP + MARGIN);
            int height = top + rows.size() * (rowHeight + GAP) - GAP + MARGIN;
            return new Layout(width, height, left, top, cellWidth, cellHeight, rowHeight);
        } finally {
            g.dispose();
        }
    }

    private static int widest(List<Row> rows) {
        return rows.stream().mapToInt(row -> row.images().size()).max().orElse(0);
    }
}
