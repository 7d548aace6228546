"""Which words of which article answer a demo question, as a person marked them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

_WORD = re.compile(r"\w+")
HALF = 0.5


@dataclass(frozen=True)
class Label:
    """golds: (document id, verbatim text of its normalised Markdown), any of which answers the question."""

    question_id: str
    question: str
    golds: tuple[tuple[str, str], ...]


def read_labels(folder: Path) -> list[Label]:
    """The lines of `answers.jsonl` in `folder`, several lines of one `_id` being alternatives, with the
    questions of `queries.jsonl`. Raises KeyError for a question that is not there."""
    questions = {line["_id"]: line["text"] for line in _lines(folder / "queries.jsonl")}
    golds: dict[str, list[tuple[str, str]]] = {}
    for line in _lines(folder / "answers.jsonl"):
        quotes = line["any"] if "any" in line else [line["quote"]]
        golds.setdefault(line["_id"], []).extend((line["document_id"], quote) for quote in quotes)
    return [Label(identifier, questions[identifier], tuple(found)) for identifier, found in golds.items()]


def holds_gold(label: Label, document_id: str, quote: str, *, passage: str, start: int) -> bool:
    """Whether `quote`, which begins at `start` of `passage`, holds at least half of a gold's words."""
    return any(
        _share_inside(gold, passage, start, start + len(quote)) >= HALF
        for gold_document, gold in label.golds
        if gold_document == document_id
    )


def _share_inside(gold: str, passage: str, start: int, end: int) -> float:
    words = list(_WORD.finditer(gold))
    best, found = 0.0, passage.find(gold)
    while found >= 0 and words:
        inside = sum(start <= found + word.start() and found + word.end() <= end for word in words)
        best, found = max(best, inside / len(words)), passage.find(gold, found + 1)
    return best


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
