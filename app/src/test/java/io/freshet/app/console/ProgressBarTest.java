package io.freshet.app.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final AtomicLong nanos = new AtomicLong(1);

    private Terminal terminal(int columns, boolean unicode) {
        return new Terminal(new PrintStream(written, true, StandardCharsets.UTF_8), columns, unicode);
    }

    private String output() {
        return written.toString(StandardCharsets.UTF_8);
    }

    private String lastDrawn() {
        String[] drawn = output().split("\r\u001b\\[K", -1);
        return drawn[drawn.length - 1];
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Nested
    class OnATerminal {
        @Test
        void showsBarPercentageRateAndTimeLeft() {
            ProgressBar bar = new ProgressBar(terminal(120, true), "training", "steps", 1000, nanos::get);
            pass(Duration.ofSeconds(10));
            bar.update(250, "loss 0.1234");
            assertThat(lastDrawn())
                    .isEqualTo(
                            "training ██████░░░░░░░░░░░░░░░░░░  25% 250/1,000 steps · 25/s · 0:30 left · loss 0.1234");
        }

        @Test
        void usesAsciiWhereNothingElseCanBeShown() {
            ProgressBar bar = new ProgressBar(terminal(120, false), "training", "steps", 4, nanos::get);
            pass(Duration.ofSeconds(1));
            bar.update(1, "");
            assertThat(output().chars().allMatch(c -> c < 128))
                    .as("only ASCII in '%s'", output())
                    .isTrue();
            assertThat(lastDrawn())
                    .startsWith("training [######..................]  25% 1/4 steps - 1.0/s - 0:03 left");
        }

        @Test
        void neverWrapsTheLine() {
            ProgressBar bar = new ProgressBar(terminal(40, true), "training", "steps", 4, nanos::get);
            pass(Duration.ofSeconds(1));
            bar.update(1, "a very long detail that does not fit into forty columns");
            assertThat(lastDrawn().length()).as("'%s'", lastDrawn()).isLessThan(40);
        }

        @Test
        void keepsLinesAboveTheBar() {
            Terminal terminal = terminal(80, true);
            new ProgressBar(terminal, "training", "steps", 4, nanos::get);
            String bar = lastDrawn();
            terminal.line("something happened");
            assertThat(lastDrawn())
                    .as("the line, and the bar again below it")
                    .isEqualTo("something happened" + System.lineSeparator() + bar);
        }

        @Test
        void disappearsWhenClosed() {
            ProgressBar bar = new ProgressBar(terminal(80, true), "training", "steps", 4, nanos::get);
            bar.close();
            bar.update(3, "too late");
            assertThat(lastDrawn()).as("the status line").isEmpty();
        }

        @Test
        void doesNotCountWhatWasDoneBefore() {
            ProgressBar bar = new ProgressBar(terminal(120, true), "judging", "images", 100, nanos::get);
            bar.startAt(50);
            pass(Duration.ofSeconds(10));
            bar.update(60, "");
            assertThat(lastDrawn()).endsWith("60% 60/100 images · 1.0/s · 0:40 left");
        }
    }

    @Nested
    class WithoutATerminal {
        @Test
        void writesALineNowAndThenAndOneAtTheEnd() {
            ProgressBar bar = new ProgressBar(terminal(0, true), "training", "steps", 100, nanos::get);
            for (int step = 1; step <= 100; step++) {
                pass(Duration.ofSeconds(1));
                bar.update(step, "");
            }
            bar.close();
            assertThat(output().lines())
                    .as("after 15, 30, … 90 s and at the end")
                    .hasSize(7)
                    .last()
                    .isEqualTo("training 100% 100/100 steps · 1.0/s · took 1:40");
            assertThat(output()).as("no control characters").doesNotContain("\r", "\u001b");
        }
    }

    @Test
    void refusesATotalOfNothing() {
        assertThatThrownBy(() -> new ProgressBar(terminal(80, true), "x", "y", 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("A progress bar needs a total of at least 1, not 0");
    }
}
