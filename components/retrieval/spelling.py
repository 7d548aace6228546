"""Mends slips of the keyboard in a question, so that it meets the tenant's words by meaning and by full text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from components.core.words import WORD

SUFFIXES = ("ies", "ing", "able", "es", "ed", "er", "ly", "s")
SHORTEST_WORD = 4
REMEMBERED_WORDS = 10_000


class Speller:
    """Replaces a word that neither the model nor the tenant's documents know by the document word one slip away:
    a letter more, less or other, or two swapped, the first letter holding (optimal string alignment distance of
    one; Damerau 1964). Thread-safe.

    Example:
        Speller({"refund": 12}, is_known={"how", "long"}.__contains__).repair("refnud")  # 'refund'
    """

    def __init__(self, word_counts: Mapping[str, int], is_known: Callable[[str], bool]) -> None:
        """word_counts: in how many passages each lower-case word occurs. is_known: whether the model has the word
        as one piece: its vocabulary is a list of the language's common words."""
        self._counts = word_counts
        self._is_known = lru_cache(REMEMBERED_WORDS)(is_known)
        self._alike: dict[tuple[str, int], list[str]] = {}
        for word in word_counts:
            if len(word) >= SHORTEST_WORD - 1:
                self._alike.setdefault((word[0], len(word)), []).append(word)

    def repair(self, question: str) -> str:
        """The question with its misspelt words replaced; all else stays to the letter."""
        return WORD.sub(lambda match: self._mended(match.group(), inside=match.start() > 0), question)

    def _mended(self, word: str, *, inside: bool) -> str:
        # A capital inside a sentence makes a name, which the documents need not know.
        low = word.lower()
        if len(low) < SHORTEST_WORD or (inside and word[0].isupper()) or low in self._counts or self._is_known(low):
            return word
        near = [
            other
            for size in range(len(low) - 1, len(low) + 2)
            for other in self._alike.get((low[0], size), ())
            if one_slip(low, other)
        ]
        if not near:
            return word
        best = min(near, key=lambda other: (-self._counts[other], other))
        doubled = any(best == low[:at] + low[at - 1] + low[at:] for at in range(1, len(low) + 1))
        return word if self._is_derived(low) and not doubled else best

    def _is_derived(self, word: str) -> bool:
        """Whether it is a known word with an ending: not a slip, only rare."""
        stems = [word.removesuffix(suffix) for suffix in SUFFIXES if word.endswith(suffix)]
        forms = (stem + end for stem in stems if len(stem) > 2 for end in ("", "e", "y"))
        return any(form in self._counts or self._is_known(form) for form in forms)


def one_slip(one: str, other: str) -> bool:
    """Whether the optimal string alignment distance of two different words is exactly one."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 or short == long:
        return False
    start = next((at for at, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    swapped = short[start : start + 2] == long[start : start + 2][::-1]
    return short[start + 1 :] == long[start + 1 :] or (swapped and short[start + 2 :] == long[start + 2 :])
