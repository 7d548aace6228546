"""How much the bot took off people's hands, by day, channel, topic and tenant, and under others' definitions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Any

from components.helpdesk.evaluation.intervals import Interval
from components.helpdesk.outcome_rules import OutcomeResult
from components.helpdesk.reports.conversation_list import Behind
from components.helpdesk.reports.deflection import Deflection, deflection_by
from components.helpdesk.reports.other_definitions import OtherScore, other_scores
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.selection import Grouping
from dashboards.analytics.figure_card import beside, figure, listed
from dashboards.analytics.view import View
from dashboards.analytics.wording import RESULTS, in_words, percent, percents, span
from dashboards.charts import Label, Series, bars, lines

EMPTY = "No conversation has ended in this period: choose a longer one above."
_BY: dict[Grouping, tuple[str, str]] = {
    "channel": ("By channel", "channels"),
    "intent": ("By topic", "intents"),
    "tenant": ("By tenant", ""),
}
_RESOLVED: tuple[OutcomeResult, ...] = ("contained", "verified")
_MOST = 12


def deflection_tab(view: View, reader: ReportReader) -> list[Any]:
    by_day = deflection_by(reader, view.filters, "day")
    groups: list[Grouping] = ["channel", "intent", "tenant"]
    if len(view.tenants) == 1:
        groups.remove("tenant")
    return [
        figure(view, reader, "deflection_by_day", Deflection, by_day, _results_by_day(view, by_day)),
        _shares_by_day(view, by_day),
        beside(*(_by_group(view, reader, by) for by in groups)),
        *_under_other_definitions(view, reader),
    ]


def counts_by_result(rows: Sequence[Deflection], labels: Sequence[Label]) -> list[Series]:
    """One series an outcome."""
    return [
        Series(said, [(label, getattr(row.counts, result)) for label, row in zip(labels, rows, strict=True)])
        for result, said in RESULTS.items()
    ]


def result_named(said: str) -> OutcomeResult:
    """The other way round than RESULTS."""
    return next(result for result, words in RESULTS.items() if words == said)


def _shares(name: str, labels: Sequence[Label], found: Sequence[Interval | None]) -> Series:
    points = [(label, percent(each)) for label, each in zip(labels, found, strict=True)]
    return Series(name, points, [percents(each) for each in found])


def _results_by_day(view: View, rows: Sequence[Deflection]) -> Any:
    def chosen(series: str, label: Label) -> None:
        assert isinstance(label, date)
        view.on_day(Behind(results=(result_named(series),)), label)

    return bars(
        "What became of conversations, by the day they ended",
        "conversations",
        view.period,
        counts_by_result(rows, [date.fromisoformat(row.key) for row in rows]),
        empty=EMPTY,
        stacked=True,
        chosen=chosen,
    )


def _shares_by_day(view: View, rows: Sequence[Deflection]) -> Any:
    days = [date.fromisoformat(row.key) for row in rows]
    resolved, verified = [row.deflection_share for row in rows], [row.verified_share for row in rows]
    series = [_shares("deflection", days, resolved), _shares("verified", days, verified)]
    title = "Deflection and verified resolutions"
    return lines(title, "% of conversations that ended", view.period, series, empty=EMPTY)


def _by_group(view: View, reader: ReportReader, by: Grouping) -> Any:
    rows = deflection_by(reader, view.filters, by)
    title, narrowed = _BY[by]
    first = rows[:_MOST]
    labels = [in_words(row.label) for row in first]
    keys = dict(zip(labels, (row.key for row in first), strict=True))
    if len(rows) > len(first):
        title = f"{title}, the {len(first)} largest"

    def chosen(series: str, label: Label) -> None:
        behind = Behind(results=_RESOLVED if series == "deflection" else ("verified",))
        view.behind(behind, **({narrowed: (keys[str(label)],)} if narrowed else {}))

    resolved, verified = [row.deflection_share for row in first], [row.verified_share for row in first]
    series = [_shares("deflection", labels, resolved), _shares("verified", labels, verified)]
    shown = bars(
        title,
        "% of conversations that ended",
        view.period,
        series,
        empty=EMPTY,
        horizontal=True,
        chosen=chosen if narrowed else None,
    )
    return figure(view, reader, f"deflection_by_{by}", Deflection, rows, shown)


def _under_other_definitions(view: View, reader: ReportReader) -> list[Any]:
    scores = other_scores(reader, view.filters)
    known = [each for each in scores if each.share is not None]
    series = [_shares("", [_name(each) for each in known], [each.share for each in known])]
    chart = bars(
        "The same conversations under other definitions",
        "% of what each definition counts",
        view.period,
        series,
        empty=EMPTY,
        horizontal=True,
    )
    table = listed(
        "What each of them counts",
        f"In our words, over what the log has · {view.period}",
        ("Definition", "Score", "Counted", "What it counts, and what we cannot see"),
        [_definition(each) for each in known],
        empty=EMPTY,
    )
    return [chart, figure(view, reader, "other_definitions", OtherScore, scores, table)]


def _name(score: OtherScore) -> str:
    told = score.definition
    return f"{told.vendor}: {told.title.rpartition(': ')[2]}"


def _definition(score: OtherScore) -> tuple[str, ...]:
    told = score.definition
    source = escape(told.source)
    if told.source.startswith("https://"):
        source = f"<a href='{escape(told.source, quote=True)}' target='_blank' rel='noreferrer'>its own page</a>"
    published = f", {escape(told.published)}" if told.published else ""
    unchecked = f"<p class='quiet'>Not seen here: {escape(told.unchecked)}</p>" if told.unchecked else ""
    return (
        f"<strong>{escape(told.title)}</strong><p class='quiet'>{escape(told.vendor)}, {source}{published}</p>",
        f"{percent(score.share) or 0:.1f} %<p class='quiet'>{escape(span(score.share))}</p>",
        f"{score.counted:,} of {score.of:,}<p class='quiet'>{escape(told.of_text)}</p>",
        f"{escape(told.says)}{unchecked}",
    )
