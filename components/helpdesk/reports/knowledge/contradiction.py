"""Do two statements say nearly the same, with another number, or yes for a no?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import product
from typing import Literal

from components.core.embeddings import Embedder, Vector
from components.helpdesk.reports.knowledge.statements import Rarity, Statement, statements
from components.retrieval.grounding.contradictions import polarity_clash, turned_round

Kind = Literal["number", "denial", "opposite"]
Span = tuple[int, int]
# Raise with any change of what counts as a contradiction: every passage is then compared anew.
RULES = 1
# Set with most of tests/benchmarks/planted_conflicts.jsonl in sight; bench_conflicts measures them, the rest apart.
_SHARED, _CONTAINED, _ALIKE, _OPPOSITE, _CLASH = 0.45, 0.8, 1.3, 0.6, 0.6
_WORD = re.compile(r"[\w€$£%]+(?:[.,:'’-][\w%]+)*")


@dataclass(frozen=True)
class Contradiction:
    """similarity: cosine of the two sentences."""

    first: Statement
    second: Statement
    kind: Kind
    why: str
    similarity: float


@dataclass(frozen=True)
class _Suspect:
    first: Statement
    second: Statement
    kind: Kind
    shared: float


def contradictions(
    pairs: Sequence[tuple[str, str]], rarity: Rarity, embedder: Embedder
) -> list[tuple[int, Contradiction]]:
    """Of pairs of passages' texts; each with its pair's place. Words decide whom to suspect, so that only few sentences
    are embedded. Raises ModelUnavailable."""
    suspects = [(place, suspect) for place, pair in enumerate(pairs) for suspect in _suspects(*pair, rarity)]
    vectors = _embedded([each for _, suspect in suspects for each in (suspect.first, suspect.second)], embedder)
    found = []
    for place, suspect in suspects:
        similarity = float(vectors[suspect.first.plain] @ vectors[suspect.second.plain])
        if suspect.shared + similarity >= _ALIKE:
            why = _why(suspect)
            found.append((place, Contradiction(suspect.first, suspect.second, suspect.kind, why, similarity)))
    return found


def differing_words(first: str, second: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Character offsets of the words of each that the other does not have in its place."""
    mine, theirs = list(_WORD.finditer(first)), list(_WORD.finditer(second))
    matcher = SequenceMatcher(None, [m[0].casefold() for m in mine], [m[0].casefold() for m in theirs], autojunk=False)
    changed = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        tuple((mine[a].start(), mine[b - 1].end()) for _, a, b, _, _ in changed if b > a),
        tuple((theirs[a].start(), theirs[b - 1].end()) for _, _, _, a, b in changed if b > a),
    )


def _suspects(first: str, second: str, rarity: Rarity) -> list[_Suspect]:
    found = []
    for mine, theirs in product(statements(first), statements(second)):
        if mine.row and theirs.row and mine.row != theirs.row:
            continue  # two rows of tables speak of the same thing only where they begin alike
        common = rarity.weight(mine.words & theirs.words)
        if not common or mine.plain == theirs.plain:
            continue
        shared = common / rarity.weight(mine.words | theirs.words)
        if shared < _SHARED or common < _CONTAINED * min(rarity.weight(mine.words), rarity.weight(theirs.words)):
            continue
        kind = _kind(mine, theirs, shared)
        if kind is not None:
            found.append(_Suspect(mine, theirs, kind, shared))
    return found


def _kind(mine: Statement, theirs: Statement, shared: float) -> Kind | None:
    only_mine = {each.kind for each in mine.quantities if not each.is_in(theirs.quantities)}
    only_theirs = {each.kind for each in theirs.quantities if not each.is_in(mine.quantities)}
    if only_mine & only_theirs:
        return "number"
    if max(polarity_clash(mine.plain, theirs.clauses), polarity_clash(theirs.plain, mine.clauses)) >= _CLASH:
        return "denial"
    turned = turned_round(mine.plain, theirs.plain) or turned_round(theirs.plain, mine.plain)
    return "opposite" if turned and shared >= _OPPOSITE else None


def _why(suspect: _Suspect) -> str:
    if suspect.kind == "denial":
        return "one says yes, the other no"
    sides = differing_words(suspect.first.text, suspect.second.text)
    texts = (suspect.first.text, suspect.second.text)
    said = [", ".join(text[start:end] for start, end in spans) for text, spans in zip(texts, sides, strict=True)]
    return f"{'another number' if suspect.kind == 'number' else 'the opposite'}: {said[0]} / {said[1]}"


def _embedded(found: Sequence[Statement], embedder: Embedder) -> dict[str, Vector]:
    texts = sorted({each.plain for each in found})
    most = embedder.identity.max_tokens
    cut = [_cut(text, embedder.token_spans(text), most) for text in texts]
    return {text: each.vector for text, each in zip(texts, embedder.embed_passages(cut), strict=True)}


def _cut(text: str, tokens: Sequence[Span], most: int) -> str:
    return text if len(tokens) <= most else text[: tokens[most - 1][1]]
