"""Rows as a table that a notebook shows, whoever wrote the texts in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

_LONGEST = 400
# Jupyter puts every cell to the right.
_LEFT = 'style="text-align: left"'


@dataclass(frozen=True)
class Table:
    """columns: in order. rows: of what is shown in them. empty: what is said where there is no row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{escape(self.empty)}</p>"
        head = "".join(f'<th scope="col" {_LEFT}>{escape(name)}</th>' for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td {_LEFT}>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def __repr__(self) -> str:
        if not self.rows:
            return self.empty
        return "\n".join("\t".join(row) for row in (self.columns, *self.rows))


def table(rows: Iterable[Mapping[str, Any]], *, empty: str = "There is nothing to show.") -> Table:
    """rows: column -> value, the columns of the first row; numbers are rounded, long texts cut."""
    found = list(rows)
    columns = tuple(found[0]) if found else ()
    return Table(columns, tuple(tuple(_shown(row[name]) for name in columns) for row in found), empty)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.0f}"
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@dataclass(frozen=True)
class Markdown:
    """Text with headings that a notebook shows as such; whoever wrote it, nothing in it is HTML."""

    text: str

    def _repr_markdown_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def markdown(*parts: str) -> Markdown:
    """The parts one below the other."""
    return Markdown("\n\n".join(part.replace("<", "&lt;") for part in parts))
