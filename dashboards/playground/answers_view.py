"""Two answers to one question, side by side: what each says, what it quotes, and what it was found among."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

import panel as pn

from components.core.answers import Reason
from components.helpdesk.reports.topics import REASONS
from dashboards.charts import Series, bars
from dashboards.playground.looks import beside, html, money, table

# Of the lineage: where something else stands in place of what a language model was to write.
NOT_WRITTEN: tuple[Reason, ...] = ("provider_down", "budget", "unsupported")
ERRORS = {
    "model_timed_out": "a model took longer than it may",
    "model_overloaded": "a model has too much to do",
    "model_misbehaved": "a model's server says what cannot be read",
}
LONGEST_LABEL = 28
NO_PASSAGES = "Nothing was found. Is the tenant's knowledge ingested, and does it hold the question's words?"


def answer_pair(result: Mapping[str, Any], asked_at: datetime) -> pn.Column:
    """result: what the API tells of one query asked of two variants; `against` is A."""
    (ours,), (served,) = result["results"], result["against"]["results"]
    stages = list(dict.fromkeys(stage for each in (served, ours) for stage in _stages(each)))
    charts = pn.Column(sizing_mode="stretch_width", margin=0)
    period = f"one question, {asked_at:%d %B %Y at %H:%M} UTC"
    stage = pn.widgets.Select(label="Stage", options=stages, value=stages[-1] if stages else None, width=220)

    def draw(chosen: str | None) -> None:
        pair = (_scores(name, each, chosen, period) for name, each in (("A", served), ("B", ours)))
        charts.objects = [beside(*pair)]

    stage.param.watch(lambda event: draw(event.new), "value")
    draw(stage.value)
    left, right = (
        html(answer_html(f"{name}: {told}", each, part["currency"]))
        for name, told, each, part in (
            ("A", variant_text(result["against"]["variant"]), served, result["against"]),
            ("B", variant_text(result["variant"]), ours, result),
        )
    )
    return pn.Column(beside(left, right), stage, charts, sizing_mode="stretch_width")


def answer_html(title: str, answer: Mapping[str, Any], currency: str | None) -> str:
    """One answer with its citations, its lineage and what it took."""
    if answer["error"]:
        text = f'<p class="bad">No answer: {ERRORS.get(answer["error"], "a model cannot be reached")}.</p>'
    else:
        refused = "" if answer["answered"] else '<p class="bad">Refused</p>'
        text = f'{refused}<p class="answer">{escape(answer["answer"])}</p>'
        if answer["reason"]:
            look = "bad" if answer["reason"] in NOT_WRITTEN else "quiet"
            text += f'<p class="{look}">{escape(REASONS[answer["reason"]])}</p>'
    facts = [
        f"{answer['latency_ms']:,.0f} ms",
        f"{answer['input_tokens']:,} + {answer['output_tokens']:,} tokens",
        f"costs {money(answer['cost'], currency)}",
        f"by {answer['model']}" if answer["model"] else "",
        f"confidence {answer['confidence']:.2f}",
        "" if answer["grounded"] is None else f"grounded {100 * answer['grounded']:.0f} %",
    ]
    return (
        f"<article><h3>{escape(title)}</h3>{text}{_citations(answer['citations'])}"
        f'<p class="quiet">{escape(" · ".join(filter(None, facts)))}</p>'
        f"<details><summary>Lineage: {len(answer['lineage'])} passages</summary>{_lineage(answer)}</details></article>"
    )


def variant_text(variant: Mapping[str, Any]) -> str:
    """A variant in one line."""
    version = variant["prompt_version"]
    prompt = "edited prompt" if version < 0 else f"prompt {version}"
    model = variant["model"] or "the tenant's model"
    return f"{prompt}, {model}, top_k {variant['top_k']}, {variant['pipeline']}, index {variant['index_version']}"


def _citations(citations: list[Mapping[str, Any]]) -> str:
    return "".join(
        f"<details><summary>[{each['number']}] {escape(each['title'])}"
        f"{' › ' + escape(each['section']) if each['section'] else ''}</summary>"
        f"<blockquote>{escape(each['quote'])}</blockquote>"
        f'<p class="quiet">{escape(each["document_id"])}, score {each["score"]:.3f}</p></details>'
        for each in citations
    )


def _lineage(answer: Mapping[str, Any]) -> str:
    stages = _stages(answer)
    rows = [
        [
            f"{place} {escape(each['document_id'])}",
            "yes" if each["used"] else "no",
            *(f"{each['scores'][stage]:.3f}" if stage in each["scores"] else "–" for stage in stages),
        ]
        for place, each in enumerate(answer["lineage"], start=1)
    ]
    return table(["Passage of", "Shown to the model", *stages], rows, numeric=2) if rows else f"<p>{NO_PASSAGES}</p>"


def _stages(answer: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(stage for each in answer["lineage"] for stage in each["scores"]))


def _short(label: str) -> str:
    """What fits beside bars on a phone: its number and its end."""
    number, _, document = label.partition(" ")
    return label if len(label) <= LONGEST_LABEL else f"{number} …{document[len(number) + 2 - LONGEST_LABEL :]}"


def _scores(name: str, answer: Mapping[str, Any], stage: str | None, period: str) -> pn.Column:
    parts = []
    for title, used in (("shown to the model", True), ("not shown", False)):
        points = [
            (_short(f"{place} {each['document_id']}"), each["scores"].get(stage))
            for place, each in enumerate(answer["lineage"], start=1)
            if each["used"] is used and stage in each["scores"]
        ]
        parts.append(Series(title, points))
    unit = f"score of {stage or 'a stage'}; each stage has a scale of its own"
    return bars(f"{name}: passages in their order", unit, period, parts, empty=NO_PASSAGES, horizontal=True)
