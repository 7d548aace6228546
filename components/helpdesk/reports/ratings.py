"""What customers think, as they said it themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.helpdesk.evaluation.intervals import Interval, mean_within, share
from components.helpdesk.outcome_rules import HELPFUL
from components.helpdesk.reports.filters import NONE, Filters
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.selection import ANSWERS, ENDED, Grouping

STARS = (1, 2, 3, 4, 5)
_COUNTED = """
    FROM chosen SELECT coalesce(grouped, '') AS grouped, count(*) AS ended,
        count(*) FILTER (rating = 1) AS s1, count(*) FILTER (rating = 2) AS s2, count(*) FILTER (rating = 3) AS s3,
        count(*) FILTER (rating = 4) AS s4, count(*) FILTER (rating = 5) AS s5
    GROUP BY ALL ORDER BY
"""
_THUMBS = "FROM chosen SELECT count(*) FILTER (thumb = 1) AS up, count(*) FILTER (thumb = -1) AS down"


@dataclass(frozen=True)
class Ratings:
    """Of conversations that ended in the period. key, label: of the group, both empty for all. stars: conversations by
    1 to 5. average: stars. helpful_share: 4 and 5 stars, of the rated ones. rated_share: of all that ended."""

    key: str
    label: str
    ended: int
    stars: Mapping[int, int]
    average: Interval | None
    helpful_share: Interval | None
    rated_share: Interval | None

    @property
    def rated(self) -> int:
        return sum(self.stars.values())


@dataclass(frozen=True)
class Thumbs:
    """Judgements of single answers given in the period. up_share: of the judged ones."""

    up: int
    down: int
    up_share: Interval | None


def ratings(reader: ReportReader, filters: Filters) -> Ratings:
    """Of all conversations that ended in the period."""
    rows = reader.rows(ENDED, filters, _COUNTED + "ended")
    return _ratings({}, 0) if not rows else _ratings(*_counted(rows[0]))


def ratings_by(reader: ReportReader, filters: Filters, by: Grouping) -> Sequence[Ratings]:
    """The same by group: days in order, else the largest group first."""
    rows = reader.rows(ENDED, filters, _COUNTED + ("grouped" if by == "day" else "ended DESC, grouped"), by=by)
    return [_ratings(*_counted(row), row["grouped"], reader.label(by, row["grouped"])) for row in rows]


def thumbs(reader: ReportReader, filters: Filters) -> Thumbs:
    """Of the answers given in the period."""
    row = reader.one(ANSWERS, filters, _THUMBS)
    return Thumbs(row["up"], row["down"], share(row["up"], row["up"] + row["down"]))


def average_stars(stars: Mapping[int, int]) -> Interval | None:
    """stars: how often each was given. None where none was."""
    return mean_within(sum(each * count for each, count in stars.items()), sum(stars.values()), STARS[0], STARS[-1])


def _counted(row: Mapping[str, int]) -> tuple[dict[int, int], int]:
    return {stars: row[f"s{stars}"] for stars in STARS if row[f"s{stars}"]}, row["ended"]


def _ratings(stars: Mapping[int, int], ended: int, key: str = NONE, label: str = "") -> Ratings:
    rated = sum(stars.values())
    helpful = sum(count for each, count in stars.items() if each >= HELPFUL)
    return Ratings(key, label, ended, stars, average_stars(stars), share(helpful, rated), share(rated, ended))
