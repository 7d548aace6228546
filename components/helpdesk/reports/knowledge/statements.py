"""A passage as statements that can be held against those of another one."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from components.core.sentences import sentence_spans
from components.models.answer_units import answer_units
from components.models.word_evidence import content_words, stem
from components.retrieval.grounding.contradictions import clauses
from components.retrieval.grounding.quantities import Quantity, quantities

FEWEST_WORDS = 3
_DIGIT = re.compile(r"\d")
# "no-reply@…" denies nothing, and what costs nothing is free.
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+")
_FREE = re.compile(r"\bcosts? nothing\b|\bwithout charge\b|\bfree of charge\b", re.IGNORECASE)
_NEVER = ("never", "cannot", "none", "nothing", "nobody", "neither", "nor", "without", "non", "except")
_DENIALS = frozenset(map(stem, _NEVER))


@dataclass(frozen=True)
class Statement:
    """A sentence, a list item or a row of a table. text: as a reader sees it. plain: as it is compared. words: those
    that carry its meaning, numbers and denials left out. row: of a table, its first cell, else empty."""

    text: str
    plain: str
    words: frozenset[str]
    quantities: frozenset[Quantity]
    clauses: tuple[str, ...]
    row: str


@lru_cache(maxsize=4096)
def statements(text: str) -> tuple[Statement, ...]:
    """Those of a passage's Markdown that say enough to be compared."""
    found = []
    for unit in answer_units(text):
        if not unit.quotable:
            continue
        row = unit.shown.split("; ")[0] if unit.kind == "row" else ""
        spans = [(0, len(unit.shown))] if row else sentence_spans(unit.shown)
        found += [_statement(unit.shown[start:end], row) for start, end in spans]
    return tuple(each for each in found if len(each.words) >= FEWEST_WORDS)


def _statement(text: str, row: str) -> Statement:
    plain = _FREE.sub("is free", _ADDRESS.sub(" ", text))
    words = frozenset(word for word in content_words(plain) if not _DIGIT.search(word)) - _DENIALS
    return Statement(text, plain, words, quantities(plain), tuple(clauses(plain)), row)


class Rarity:
    """How much each word tells, by how few of the texts at hand have it (inverse document frequency, Spärck Jones
    1972)."""

    def __init__(self, texts: Iterable[str]) -> None:
        held = [content_words(text) for text in texts]
        self._texts, self._frequency = len(held), Counter(word for words in held for word in words)

    def weight(self, words: Iterable[str]) -> float:
        return sum(math.log(1 + (1 + self._texts) / (1 + self._frequency[word])) for word in words)
