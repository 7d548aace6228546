"""What customers come with, and what the knowledge does not answer, and why."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import Any

from components.helpdesk.reports.citations import CitedDocument, most_cited
from components.helpdesk.reports.conversation_list import Behind
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.selection import CITATIONS
from components.helpdesk.reports.topics import (
    AnswerFigures,
    IntentFigures,
    ReasonFigures,
    answers_by,
    reasons,
    top_intents,
)
from dashboards.analytics.deflection_tab import counts_by_result, result_named
from dashboards.analytics.figure_card import beside, figure, listed
from dashboards.analytics.view import View
from dashboards.analytics.wording import in_words
from dashboards.charts import Label, Series, bars

_NONE_ENDED = "No conversation has ended in this period: choose a longer one above."
_NOT_ASKED = "No question was put to the knowledge in this period: choose a longer one above."
_ALL_ANSWERED = "Every question of this period was answered as well as can be."
_MOST = 15


def topics_tab(view: View, reader: ReportReader) -> list[Any]:
    return [
        _intents(view, reader),
        beside(_reasons(view, reader), _meanings(view, reader)),
        beside(_answers_by_day(view, reader), _refused_by_topic(view, reader)),
        _most_cited(view, reader),
    ]


def _intents(view: View, reader: ReportReader) -> Any:
    rows = top_intents(reader, view.filters, _MOST)
    labels = [in_words(row.outcome.label) for row in rows]
    keys = dict(zip(labels, (row.intent for row in rows), strict=True))

    def chosen(series: str, label: Label) -> None:
        view.behind(Behind(results=(result_named(series),), intent=keys[str(label)]))

    shown = bars(
        "What customers come with",
        "conversations that ended",
        view.period,
        counts_by_result([row.outcome for row in rows], labels),
        empty=_NONE_ENDED,
        stacked=True,
        horizontal=True,
        chosen=chosen,
    )
    return figure(view, reader, "top_intents", IntentFigures, rows, shown)


def _reasons(view: View, reader: ReportReader) -> Any:
    rows = reasons(reader, view.filters)
    keys = {in_words(row.reason): row.reason for row in rows}

    def chosen(series: str, label: Label) -> None:
        view.behind(Behind(of="answers", reason=keys[str(label)], refused=series == "refused"))

    series = [
        Series("refused", [(in_words(row.reason), row.refused) for row in rows]),
        Series("quoted only", [(in_words(row.reason), row.poorer) for row in rows]),
    ]
    shown = bars(
        "Why questions were not answered, or poorer",
        "questions put to the knowledge",
        view.period,
        series,
        empty=_ALL_ANSWERED,
        stacked=True,
        horizontal=True,
        chosen=chosen,
    )
    return figure(view, reader, "reasons", ReasonFigures, rows, shown)


def _meanings(view: View, reader: ReportReader) -> Any:
    rows = reasons(reader, view.filters)
    return listed(
        "What each reason means",
        f"questions refused, or answered by quotation only · {view.period}",
        ("Reason", "Refused", "Quoted", "What it means"),
        [
            (f"<strong>{escape(in_words(row.reason))}</strong>", f"{row.refused:,}", f"{row.poorer:,}",
             escape(row.explanation))
            for row in rows
        ],
        empty=_ALL_ANSWERED,
    )  # fmt: skip


def _answers_by_day(view: View, reader: ReportReader) -> Any:
    rows = answers_by(reader, view.filters, "day")
    days = [date.fromisoformat(row.key) for row in rows]

    def chosen(series: str, label: Label) -> None:
        assert isinstance(label, date)
        view.on_day(Behind(of="answers", refused=series == "refused"), label)

    series = [
        Series("answered", [(day, row.answered) for day, row in zip(days, rows, strict=True)]),
        Series("refused", [(day, row.refused) for day, row in zip(days, rows, strict=True)]),
    ]
    shown = bars(
        "Questions put to the knowledge",
        "questions",
        view.period,
        series,
        empty=_NOT_ASKED,
        stacked=True,
        chosen=chosen,
    )
    return figure(view, reader, "answers_by_day", AnswerFigures, rows, shown)


def _refused_by_topic(view: View, reader: ReportReader) -> Any:
    rows = answers_by(reader, view.filters, "intent", _MOST)
    keys = {in_words(row.label): row.key for row in rows}

    def chosen(series: str, label: Label) -> None:
        view.behind(Behind(of="answers", refused=series == "refused", intent=keys[str(label)]))

    series = [
        Series("refused", [(in_words(row.label), row.refused) for row in rows]),
        Series("answered", [(in_words(row.label), row.answered) for row in rows]),
    ]
    shown = bars(
        "Topics with unanswered questions",
        "questions put to the knowledge",
        view.period,
        series,
        empty=_NOT_ASKED,
        stacked=True,
        horizontal=True,
        chosen=chosen,
    )
    return figure(view, reader, "answers_by_intent", AnswerFigures, rows, shown)


def _most_cited(view: View, reader: ReportReader) -> Any:
    rows = most_cited(reader, view.filters, _MOST)
    labels = {f"{row.document_id} ({row.tenant})" if len(view.tenants) > 1 else row.document_id: row for row in rows}

    def chosen(_series: str, label: Label) -> None:
        view.behind(Behind(of="citations", document_id=labels[str(label)].document_id))

    passed = CITATIONS.passed_over(view.filters)
    shown = bars(
        "Most cited documents",
        f"citations{f' ({passed_text(passed)})' if passed else ''}",
        view.period,
        [Series("", [(label, row.citations) for label, row in labels.items()])] if rows else [],
        empty="No answer of this period quotes a document: choose a longer one above.",
        horizontal=True,
        chosen=chosen,
    )
    return figure(view, reader, "most_cited", CitedDocument, rows, shown)


def passed_text(names: tuple[str, ...]) -> str:
    """Which filters choose nothing here."""
    said = {"channels": "channel", "intents": "topic", "models": "model"}
    return f"not narrowed by {' or '.join(said[name] for name in names)}"
