"""How a figure in seconds is told: its average, median and ninth decile."""

from __future__ import annotations

from components.helpdesk.outcome_figures import Seconds
from components.helpdesk.reports.reader import Row


def seconds_columns(column: str, name: str | None = None, where: str = "true") -> str:
    """What a query selects for `seconds_of`. where: of which rows."""
    name = name or column
    return (
        f"avg({column}) FILTER ({where}) AS {name}_average, "
        f"quantile_cont({column}, [0.5, 0.9]) FILTER ({where}) AS {name}_quantiles"
    )


def seconds_of(row: Row, name: str) -> Seconds:
    """Of a row that `seconds_columns` has selected."""
    median, p90 = row[f"{name}_quantiles"] or (None, None)
    return Seconds(row[f"{name}_average"], median, p90)
