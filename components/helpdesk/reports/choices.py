"""What there is to filter by, and the days that are known of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from components.helpdesk.reports.filters import MOST_VALUES
from components.helpdesk.reports.reader import ReportReader

_DAYS = "FROM conversations SELECT min(day) AS first, greatest(max(day), max(ended_day)) AS last"
_VALUES = {
    "channels": "FROM conversations SELECT coalesce(channel, '') AS value, count(*) AS rows",
    "intents": "FROM conversations SELECT coalesce(intent, '') AS value, count(*) AS rows",
    "models": "FROM conversations SELECT coalesce(model, '') AS value, count(*) AS rows",
}


@dataclass(frozen=True)
class Choices:
    """Values of all days, the most frequent first, `filters.NONE` among them where rows have none. first, last: days
    of conversations; None where there is none."""

    first: date | None
    last: date | None
    channels: tuple[str, ...]
    intents: tuple[str, ...]
    models: tuple[str, ...]


def choices(reader: ReportReader) -> Choices:
    """Of the reader's tenants."""
    (days,) = reader.ask(_DAYS)
    values = {
        name: tuple(
            row["value"]
            for row in reader.ask(query + " GROUP BY ALL ORDER BY rows DESC, value LIMIT $most", most=MOST_VALUES)
        )
        for name, query in _VALUES.items()
    }
    return Choices(days["first"], days["last"], **values)
