"""Rows of cells as a Markdown table with a header, whatever the table looked like."""

from __future__ import annotations

from collections.abc import Sequence

from components.knowledge.parsing.normalising import single_line


def markdown_table(rows: Sequence[Sequence[str | None]]) -> str:
    """A GFM table, its first row the header. Empty rows and columns are left out; short rows are filled.
    A table of one column becomes one line a cell. Returns an empty string where no cell holds text."""
    cells = [[single_line(cell or "").replace("|", "\\|") for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    width = max((len(row) for row in cells), default=0)
    filled = [row + [""] * (width - len(row)) for row in cells]
    columns = [column for column in range(width) if any(row[column] for row in filled)]
    if len(columns) == 1:
        return "\n\n".join(row[columns[0]] for row in filled)
    lines = ["| " + " | ".join(row[column] for column in columns) + " |" for row in filled]
    if lines:
        lines.insert(1, "|" + " --- |" * len(columns))
    return "\n".join(lines)
