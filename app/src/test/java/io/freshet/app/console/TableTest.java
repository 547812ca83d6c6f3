package io.freshet.app.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.app.console.Table.Column;
import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void textBeginsAndNumbersEndAtTheSamePlace() {
        Table table = new Table(Column.text("name"), Column.number("n"), Column.text("note"));
        table.row("a", "1,000", "");
        table.row("longer", "2", "x");
        assertThat(table.lines()).containsExactly("name        n  note", "a       1,000", "longer      2  x");
    }

    @Test
    void rowsOfAnotherLengthAreRefused() {
        assertThatThrownBy(() -> new Table(Column.text("name")).row("a", "b")).hasMessage("2 cells for 1 columns");
    }
}
