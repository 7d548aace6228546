"""What customers said of it, and whether they had to come back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from components.helpdesk.evaluation.intervals import Interval
from components.helpdesk.reports.conversation_list import Behind
from components.helpdesk.reports.ratings import STARS, Ratings, Thumbs, ratings, ratings_by, thumbs
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.resolutions import Resolutions, resolutions_by
from dashboards.analytics.figure_card import beside, figure
from dashboards.analytics.view import View
from dashboards.analytics.wording import percent, percents
from dashboards.charts import Label, Series, bars, lines

_UNRATED = "Nobody has rated a conversation in this period: choose a longer one above."
_UNJUDGED = "Nobody has judged an answer in this period: choose a longer one above."
_NONE_ENDED = "No conversation has ended in this period: choose a longer one above."


def satisfaction_tab(view: View, reader: ReportReader) -> list[Any]:
    return [
        beside(_stars(view, reader), _thumbs(view, reader)),
        _average_by_day(view, reader),
        _reopened_by_day(view, reader),
    ]


def _stars(view: View, reader: ReportReader) -> Any:
    found = ratings(reader, view.filters)
    labels = {f"{stars} {'star' if stars == 1 else 'stars'}": stars for stars in STARS}

    def chosen(_series: str, label: Label) -> None:
        view.behind(Behind(rating=labels[str(label)]))

    rated = f" ({found.rated:,} of {found.ended:,} that ended were rated)" if found.ended else ""
    shown = bars(
        "Stars",
        f"conversations{rated}",
        view.period,
        [Series("", [(label, found.stars.get(stars, 0)) for label, stars in labels.items()])] if found.rated else [],
        empty=_UNRATED,
        chosen=chosen,
    )
    return figure(view, reader, "ratings", Ratings, [found] if found.rated else [], shown)


def _thumbs(view: View, reader: ReportReader) -> Any:
    found = thumbs(reader, view.filters)
    judged = found.up + found.down
    up = percents(found.up_share)
    between = f" ({percent(found.up_share):.1f} % up, {up[0]:.1f} to {up[1]:.1f})" if up else ""
    shown = bars(
        "Thumbs on single answers",
        f"answers{between}",
        view.period,
        [Series("", [("up", found.up), ("down", found.down)])] if judged else [],
        empty=_UNJUDGED,
    )
    return figure(view, reader, "thumbs", Thumbs, [found] if judged else [], shown)


def _average_by_day(view: View, reader: ReportReader) -> Any:
    rows = ratings_by(reader, view.filters, "day")
    rated = any(row.rated for row in rows)
    series = _over_days("mean of stars", [row.key for row in rows], [row.average for row in rows], 1.0)
    shown = lines("Rating by day", "stars, mean", view.period, series if rated else [], empty=_UNRATED)
    return figure(view, reader, "ratings_by_day", Ratings, rows if rated else [], shown)


def _reopened_by_day(view: View, reader: ReportReader) -> Any:
    rows = resolutions_by(reader, view.filters, "day")
    series = _over_days("reopened", [row.key for row in rows], [row.reopened_share for row in rows], 100.0)
    shown = lines("Reopened", "% of conversations that ended", view.period, series, empty=_NONE_ENDED)
    return figure(view, reader, "resolutions_by_day", Resolutions, rows, shown)


def _over_days(name: str, days: Sequence[str], found: Sequence[Interval | None], times: float) -> list[Series]:
    points = [
        (date.fromisoformat(day), None if each is None else times * each.value)
        for day, each in zip(days, found, strict=True)
    ]
    return [Series(name, points, [None if each is None else (times * each.low, times * each.high) for each in found])]
