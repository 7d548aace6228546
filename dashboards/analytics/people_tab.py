"""How long customers waited for a person, when they ask for one, and how tickets keep their times."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import Any

from components.helpdesk.reports.conversation_list import Behind
from components.helpdesk.reports.handovers import (
    HandoverFigures,
    HourOfWeek,
    WaitBand,
    handovers,
    handovers_by,
    hours_of_week,
    wait_bands,
)
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.resolutions import (
    Resolutions,
    TicketClock,
    TicketFigures,
    resolutions,
    resolutions_by,
    tickets,
)
from dashboards.analytics.figure_card import beside, figure, listed
from dashboards.analytics.view import View
from dashboards.analytics.wording import NOTHING, duration, in_words, percent, span
from dashboards.charts import Label, Series, bars, heatmap, lines

EMPTY = "Nobody has asked for a person in this period: choose a longer one above."
_NO_TICKET = "No ticket was opened in this period: choose a longer one above."
_NONE_ENDED = "No conversation has ended in this period: choose a longer one above."
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_VIP_SECONDS = 300


def people_tab(view: View, reader: ReportReader) -> list[Any]:
    total = handovers(reader, view.filters)
    return [
        beside(_waits(view, reader), _summary(view, reader, total)),
        _hours(view, reader),
        beside(_by_day(view, reader), _by_reason(view, reader)),
        beside(_tickets(view, reader), _resolution_table(view, reader)),
        _response_by_day(view, reader),
    ]


def _waits(view: View, reader: ReportReader) -> Any:
    bands = wait_bands(reader, view.filters)
    asked = sum(band.taken + band.gave_up + band.waiting for band in bands)
    begins = {_band(band): float(band.begins) for band in bands}

    def chosen(_series: str, label: Label) -> None:
        view.behind(Behind(of="handovers", longer_than=begins[str(label)] or None))

    series = [
        Series("taken", [(_band(band), band.taken) for band in bands]),
        Series("customer left", [(_band(band), band.gave_up) for band in bands]),
        Series("still waiting", [(_band(band), band.waiting) for band in bands]),
    ]
    shown = bars(
        "How long customers waited for a person",
        "times, by opening hours waited",
        view.period,
        series if asked else [],
        empty=EMPTY,
        stacked=True,
        chosen=chosen,
        limits={"VIPs: 5 minutes": sum(band.begins < _VIP_SECONDS for band in bands)},
    )
    return figure(view, reader, "wait_bands", WaitBand, bands if asked else [], shown)


def _band(band: WaitBand) -> str:
    if band.ends is None:
        return f"over {duration(band.begins).replace('.0', '')}"
    begin, end = (duration(each).replace(".0", "") for each in (band.begins, band.ends))
    return f"under {end}" if band.begins == 0 else f"{begin} to {end}"


def _summary(view: View, reader: ReportReader, total: HandoverFigures) -> Any:
    rows = [
        ("Asked for a person", f"{total.asked:,}"),
        ("Taken by an agent", f"{total.taken:,}"),
        ("Customer left, or went back to the bot", f"{total.gave_up:,}"),
        ("Still waiting", f"{total.waiting:,}"),
        ("Taken in time", _kept(total.in_time, total.late, span(total.in_time_share))),
        ("VIPs within 5 minutes", _kept(total.vip_in_time, total.vip_late, span(total.vip_in_time_share))),
        ("VIPs over 5 minutes", f"{total.vip_late:,} of {total.vip:,}"),
        ("Wait, in opening hours", _spread(total.open_wait.median, total.open_wait.p90)),
        ("Wait, by the clock on the wall", _spread(total.wait.median, total.wait.p90)),
        ("First response of an agent", _spread(total.first_response.median, total.first_response.p90)),
    ]
    table = listed(
        "Handovers",
        f"times; median and ninth decile · {view.period}",
        ("What", "How many, how long"),
        [(escape(name), escape(text)) for name, text in rows] if total.asked else [],
        empty=EMPTY,
    )
    return figure(view, reader, "handovers", HandoverFigures, [total] if total.asked else [], table)


def _hours(view: View, reader: ReportReader) -> Any:
    rows = hours_of_week(reader, view.filters)
    shown = heatmap(
        "When people are asked for, by the tenant's clock",
        "times",
        view.period,
        _DAYS,
        [f"{hour}h" for hour in range(24)],
        {(_DAYS[row.weekday - 1], f"{row.hour}h"): float(row.asked) for row in rows},
        empty=EMPTY,
    )
    return figure(view, reader, "hours_of_week", HourOfWeek, rows, shown)


def _by_day(view: View, reader: ReportReader) -> Any:
    rows = handovers_by(reader, view.filters, "day")
    days = [date.fromisoformat(row.key) for row in rows]
    series = [
        Series(name, [(day, seconds and seconds / 60) for day, seconds in zip(days, values, strict=True)])
        for name, values in (
            ("half were taken within", [row.open_wait.median for row in rows]),
            ("nine in ten within", [row.open_wait.p90 for row in rows]),
        )
    ]
    shown = lines("Wait for a person, by day", "minutes of opening hours", view.period, series, empty=EMPTY)
    return figure(view, reader, "handovers_by_day", HandoverFigures, rows, shown)


def _by_reason(view: View, reader: ReportReader) -> Any:
    rows = handovers_by(reader, view.filters, "reason")
    keys = {in_words(row.label): row.key for row in rows}

    def chosen(_series: str, label: Label) -> None:
        view.behind(Behind(of="handovers", reason=keys[str(label)]))

    series = [
        Series("in time", [(in_words(row.label), row.in_time) for row in rows]),
        Series("late", [(in_words(row.label), row.late) for row in rows]),
        Series("left or waiting", [(in_words(row.label), row.asked - row.in_time - row.late) for row in rows]),
    ]
    shown = bars(
        "Why a person was asked for",
        "times",
        view.period,
        series,
        empty=EMPTY,
        stacked=True,
        horizontal=True,
        chosen=chosen,
    )
    return figure(view, reader, "handovers_by_reason", HandoverFigures, rows, shown)


def _tickets(view: View, reader: ReportReader) -> Any:
    found = tickets(reader, view.filters)
    clocks = {"first response": found.first_response, "resolution": found.resolution}
    series = [
        Series(name, [(clock, getattr(figures, name)) for clock, figures in clocks.items()])
        for name in ("met", "missed", "running")
    ] + [Series("no target", [(clock, figures.without) for clock, figures in clocks.items()])]
    statuses = ", ".join(f"{count:,} {in_words(name)}" for name, count in found.statuses.items())
    shown = bars(
        "Tickets and their times",
        f"tickets opened ({statuses})" if statuses else "tickets opened",
        view.period,
        series if found.opened else [],
        empty=_NO_TICKET,
        stacked=True,
        horizontal=True,
    )
    return figure(view, reader, "tickets", TicketFigures, [found] if found.opened else [], shown)


def _resolution_table(view: View, reader: ReportReader) -> Any:
    found, clocks = resolutions(reader, view.filters), tickets(reader, view.filters)
    rows = [
        ("First response of a person", _spread(found.first_response.median, found.first_response.p90)),
        ("To the end, all", _spread(found.resolution.median, found.resolution.p90)),
        ("To the end, by the bot", _spread(found.by_bot.median, found.by_bot.p90)),
        ("To the end, by people", _spread(found.by_people.median, found.by_people.p90)),
        ("Reopened", f"{found.reopened:,} of {found.ended:,} ({span(found.reopened_share)})"),
        ("Tickets: first response met", _met(clocks.first_response)),
        ("Tickets: resolution met", _met(clocks.resolution)),
    ]
    table = listed(
        "Response and resolution",
        f"median and ninth decile, by the clock on the wall · {view.period}",
        ("What", "How long, how many"),
        [(escape(name), escape(text)) for name, text in rows] if found.ended else [],
        empty=_NONE_ENDED,
    )
    return figure(view, reader, "resolutions", Resolutions, [found] if found.ended else [], table)


def _response_by_day(view: View, reader: ReportReader) -> Any:
    rows = resolutions_by(reader, view.filters, "day")
    days = [date.fromisoformat(row.key) for row in rows]
    series = [
        Series(name, [(day, seconds and seconds / 60) for day, seconds in zip(days, values, strict=True)])
        for name, values in (
            ("first response of a person", [row.first_response.median for row in rows]),
            ("to the end, by the bot", [row.by_bot.median for row in rows]),
            ("to the end, by people", [row.by_people.median for row in rows]),
        )
    ]
    title = "First response and time to the end, by day"
    shown = lines(title, "minutes, median", view.period, series, empty=_NONE_ENDED)
    return figure(view, reader, "resolutions_by_day", Resolutions, rows, shown)


def _spread(median: float | None, p90: float | None) -> str:
    return NOTHING if median is None else f"{duration(median)}, nine in ten within {duration(p90)}"


def _kept(kept: int, late: int, between: str) -> str:
    return f"{kept:,} of {kept + late:,} ({between})" if kept + late else NOTHING


def _met(clock: TicketClock) -> str:
    share = percent(clock.met_share)
    return NOTHING if share is None else f"{share:.1f} % of {clock.met + clock.missed:,} ({span(clock.met_share)})"
