"""From scored units to quotes: the best one, another only where it adds, and never the same thing twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.models.answer_units import Unit, group_of, table_round
from components.models.extractive_candidates import Candidate
from components.models.word_evidence import content_words

MAX_QUOTES = 3
AIM_CHARACTERS = 600
# How far below the best one, in log-odds, the second and the third quote may lie, ...
MARGINS = (0.0, 1.6, 0.6)
# ... and how much less where it is of another document, which may be about another case.
ELSEWHERE = 0.6
SAME_WORDS = 0.7


@dataclass(frozen=True)
class Quote:
    """Units first..last of the passage at `rank`, cited together."""

    rank: int
    first: int
    last: int


def choose_quotes(candidates: list[Candidate], units: list[list[Unit]], documents: Sequence[str]) -> list[Quote]:
    """One to three quotes of `candidates`, which come best first. units, documents: one a passage.

    Passages in the order of their best unit, units in the order of the document; quotes that touch are one,
    so that one citation is one stretch of text.
    """
    picked: list[Quote] = []
    said: list[frozenset[str]] = []
    length = 0
    for candidate in candidates:
        if len(picked) == MAX_QUOTES:
            break
        margin = MARGINS[len(picked)]
        if picked and documents[candidate.rank] != documents[picked[0].rank]:
            margin -= ELSEWHERE
        if picked and candidate.total < candidates[0].total - margin:
            continue
        own = units[candidate.rank]
        quote = Quote(candidate.rank, *_round(candidate, own))
        size = sum(len(unit.shown) for unit in own[quote.first : quote.last + 1])
        words = content_words(candidate.unit.shown)
        if picked and (
            length + size > AIM_CHARACTERS
            or any(_alike(words, others) for others in said)
            or any(_inside(candidate, other) for other in picked)
        ):
            continue
        picked.append(quote)
        said.append(words)
        length += size
    return _joined(picked)


def _round(candidate: Candidate, own: list[Unit]) -> tuple[int, int]:
    """What is quoted with the candidate. A question that no row answers better than the next, such as
    "pricing?", is answered by the table, where it is short."""
    if not candidate.told_apart:
        first, last = table_round(own, candidate.index)
        if sum(len(unit.shown) for unit in own[first : last + 1]) <= AIM_CHARACTERS:
            return first, last
    return group_of(own, candidate.index)


def _alike(words: frozenset[str], others: frozenset[str]) -> bool:
    smaller = min(len(words), len(others))
    return smaller == 0 or len(words & others) / smaller >= SAME_WORDS


def _inside(candidate: Candidate, quote: Quote) -> bool:
    return candidate.rank == quote.rank and quote.first <= candidate.index <= quote.last


def _joined(picked: list[Quote]) -> list[Quote]:
    ranks = list(dict.fromkeys(quote.rank for quote in picked))
    joined: list[Quote] = []
    for quote in sorted(picked, key=lambda each: (ranks.index(each.rank), each.first, each.last)):
        before = joined[-1] if joined else None
        if before and before.rank == quote.rank and quote.first <= before.last + 1:
            joined[-1] = Quote(quote.rank, before.first, max(before.last, quote.last))
        else:
            joined.append(quote)
    return joined
