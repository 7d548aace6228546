"""An evaluation set asked of both variants: the figures in pairs, the verdict, and every question that changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from io import StringIO
from typing import Any

import panel as pn

from components.helpdesk.reports.topics import REASONS
from dashboards.chart_frame import Table
from dashboards.charts import Series, bars
from dashboards.playground.answers_view import NOT_WRITTEN, answer_html, variant_text
from dashboards.playground.looks import PLAIN_BUTTON, amount, html, percent, table

MOST_SHOWN = 100
VERDICTS = {
    "better": "{} answers better",
    "not_worse": "{} does not answer worse",
    "undecided": "Too few questions to tell whether {} answers worse",
    "worse": "{} answers worse",
}
# What is shown of a figure, and how: a share of questions, or a number so many times, in this form.
SHARES = {
    "right": "Answered right, of all questions",
    "answered_right": "… of those that have an answer",
    "refused_right": "… of those to be refused",
    "similarity": "Similar to the expected answer",
    "grounded": "Sentences that the passages carry",
    "faithfulness": "Statements that follow from them, says the judge",
    "context_relevance": "Passages that hold what was asked for, says the judge",
}
AMOUNTS = {
    "seconds": ("Time of an answer, ms", 1000, ",.0f"),
    "input_tokens": ("Tokens read, an answer", 1, ",.0f"),
    "output_tokens": ("Tokens written, an answer", 1, ",.0f"),
    "cost": ("Cost of an answer{}", 1, ".5f"),
}
APART = "Their speed is not compared: they were not asked at the same time."
KINDS = ("better", "worse", "in other words")


def set_pair(result: Mapping[str, Any], at: datetime) -> pn.Column:
    """result: what the API tells of a set asked of two variants; `against` is A."""
    served, comparison = result["against"], result["comparison"]
    told_missing = f'<p class="bad">{escape(result["missing"])}</p>' if result["missing"] else ""
    top = html(
        f"<article>{verdict_html(comparison)}{told_missing}"
        f"<p class=quiet>A: {escape(variant_text(served['variant']))}<br>"
        f"B: {escape(variant_text(result['variant']))}</p>{_not_written('A', served)}{_not_written('B', result)}"
        f"{_figures(result)}</article>"
    )
    period = f"{result['set']} version {result['set_version']}, {comparison['pairs']} questions, {at:%d %B %Y}"
    return pn.Column(top, _chart(result, period), _changes(result), _download(result), sizing_mode="stretch_width")


def verdict_html(comparison: Mapping[str, Any], name: str = "B") -> str:
    """In words, with the figure that decides and its interval. name: of what was tried."""
    look = {"worse": "bad", "better": "good"}.get(comparison["verdict"], "")
    return (
        f'<h2 class="{look}">{VERDICTS[comparison["verdict"]].format(name)}</h2><p>{escape(comparison["reason"])}</p>'
    )


def differences_html(comparison: Mapping[str, Any], currency: str | None) -> str:
    """What is known of a comparison alone: B less A. currency: of cost."""
    rows = [[name, cells[2]] for name, *cells in _rows({}, {}, comparison["differences"], currency)]
    listed = [each for each in comparison["changed"] if each["before"] != each["after"]]
    items = "".join(
        f"<li>{escape(each.get('question') or each['query'])}: {_right(each['before'])} before, "
        f"{_right(each['after'])} now</li>"
        for each in listed[:MOST_SHOWN]
    )
    told = f"<details><summary>Questions that changed: {len(listed)}</summary><ul>{items}</ul></details>"
    timed = "" if "seconds" in comparison["differences"] else f"<p class=quiet>{APART}</p>"
    return table(["Figure", "Difference (95 %)"], rows) + timed + (told if listed else "")


def _not_written(name: str, part: Mapping[str, Any]) -> str:
    """How often something else stood in place of a model's answer: the figures are of these too."""
    counts = Counter(each["reason"] for each in part["results"])
    told = [
        f"{name}, {counts[reason]} of {len(part['results'])} questions: {REASONS[reason]}"
        for reason in NOT_WRITTEN
        if counts[reason]
    ]
    return "".join(f'<p class="bad">{escape(each)}</p>' for each in told)


def _figures(result: Mapping[str, Any]) -> str:
    currency = result["currency"] or result["against"]["currency"]
    rows = _rows(result["against"]["metrics"], result["metrics"], result["comparison"]["differences"], currency)
    note = "In brackets: bounds that hold the true value 95 times of 100."
    return table(["Figure", "A", "B", "B less A, in pairs"], rows) + f'<p class="quiet">{note}</p>'


def _rows(
    a: Mapping[str, Any], b: Mapping[str, Any], differences: Mapping[str, Any], currency: str | None
) -> list[list[str]]:
    known = {*a, *b, *differences}
    rows = [
        [escape(name), percent(a.get(key)), percent(b.get(key)), percent(differences.get(key), signed=True)]
        for key, name in SHARES.items()
        if key in known
    ]
    paid_in = f", {escape(currency)}" if currency else ""
    return rows + [
        [
            name.format(paid_in),
            *(amount(each.get(key), form, times=times) for each in (a, b)),
            amount(differences.get(key), form, times=times, signed=True),
        ]
        for key, (name, times, form) in AMOUNTS.items()
        if key in known
    ]


def _chart(result: Mapping[str, Any], period: str) -> pn.Column:
    named = {"right": "all questions", "answered_right": "have an answer", "refused_right": "to be refused"}
    series = []
    for name, metrics in (("A", result["against"]["metrics"]), ("B", result["metrics"])):
        known = [(label, metrics[key]) for key, label in named.items() if key in metrics]
        series.append(
            Series(
                name,
                [(label, 100 * each["value"]) for label, each in known],
                [(100 * each["low"], 100 * each["high"]) for _, each in known],
            )
        )
    empty = "No question of this set says what is right: add relevant documents to it."
    return bars("Answered right", "% of questions, with 95 % intervals", period, series, empty=empty)


def _changes(result: Mapping[str, Any]) -> pn.Column:
    pairs = {kind: [each for each in result["comparison"]["changed"] if _kind(each) == kind] for kind in KINDS}
    total = sum(map(len, pairs.values()))
    options = {
        f"All that changed ({total})": "",
        **{f"{kind.capitalize()} ({len(pairs[kind])})": kind for kind in KINDS},
    }
    chosen = pn.widgets.Select(label="Questions", options=options, value="", width=260)
    place = html()
    before = {each["query"]: each for each in result["against"]["results"]}
    after = {each["query"]: each for each in result["results"]}

    def show(wanted: str) -> None:
        listed = [each for kind in KINDS if wanted in ("", kind) for each in pairs[kind]]
        more = f"<p>{len(listed) - MOST_SHOWN} more are in the CSV file.</p>" if len(listed) > MOST_SHOWN else ""
        place.object = (
            "".join(_change(each, before, after, result) for each in listed[:MOST_SHOWN]) + more
            if listed
            else "<p>No question: both variants answer them alike.</p>"
        )

    chosen.param.watch(lambda event: show(event.new), "value")
    show("")
    return pn.Column(html("<h2>Questions that changed</h2>"), chosen, place, sizing_mode="stretch_width")


def _change(each: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any], result: Any) -> str:
    kind, query = _kind(each), each["query"]
    look = {"better": "good", "worse": "bad"}.get(kind, "quiet")
    pair = "".join(
        answer_html(f"{name}: {_right(found[query]['right'])}", found[query], part["currency"])
        for name, found, part in (("A", before, result["against"]), ("B", after, result))
    )
    return (
        f'<details><summary><span class="{look}">{kind}</span> {escape(query)}</summary>'
        f'<div class="beside">{pair}</div></details>'
    )


def _kind(change: Mapping[str, Any]) -> str:
    if change["before"] == change["after"] or None in (change["before"], change["after"]):
        return "in other words"
    return "better" if change["after"] else "worse"


def _right(right: bool | None) -> str:
    return {True: "right", False: "wrong", None: "not judged"}[right]


def _download(result: Mapping[str, Any]) -> pn.widgets.FileDownload:
    name = f"playground-{result['set']}-{result['run_id']}.csv".replace("/", "-")
    return pn.widgets.FileDownload(
        callback=lambda: StringIO(answers_csv(result)),
        filename=name,
        label="Download all answers as CSV",
        stylesheets=[PLAIN_BUTTON],
        width=260,
    )


def answers_csv(result: Mapping[str, Any]) -> str:
    """A row a question, both answers beside each other."""
    before = {each["query"]: each for each in result["against"]["results"]}
    fields: Sequence[str] = ("right", "answered", "answer", "reason", "latency_ms", "cost", "model", "answer_id")
    names = ["query", *(f"{side}_{field}" for side in ("a", "b") for field in fields)]
    rows = [
        [each["query"], *(before[each["query"]][field] for field in fields), *(each[field] for field in fields)]
        for each in result["results"]
    ]
    return Table(names, rows).csv()
