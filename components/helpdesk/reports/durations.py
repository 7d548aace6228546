"""How a figure in seconds is told: its average, median and ninth decile."""

from __future__ import annotations

from components.helpdesk.outcome_figures import Seconds
from components.helpdesk.reports.reader import Row


def seconds_columns(column: str, name: str | None = None, where: str = "true") -> str:
    """What a query selects for `seconds_of`. where: of which rows."""
    name = name or column
    parts = {
        "average": f"avg({column})",
        "median": f"quantile_cont({column}, 0.5)",
        "p90": f"quantile_cont({column}, 0.9)",
    }
    return ", ".join(f"{formula} FILTER ({where}) AS {name}_{part}" for part, formula in parts.items())


def seconds_of(row: Row, name: str) -> Seconds:
    """Of a row that `seconds_columns` has selected."""
    return Seconds(*(row[f"{name}_{part}"] for part in ("average", "median", "p90")))
