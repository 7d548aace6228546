"""Words as customers write them: the same word whatever its case, accents and marks, and one typing slip away."""

from __future__ import annotations

import re
import unicodedata

SHORTEST_MISTYPED = 5
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """Lower case, no accents, one blank between words, no other marks: `Ça va, merci!` -> `ca va merci`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _BETWEEN_WORDS.sub(" ", letters.replace("'", "").replace("’", "")).strip()


def phrases(text: str) -> frozenset[str]:
    """The phrases of a list as `plain` makes them; a bar or a new line stands between two."""
    return frozenset(plain(phrase) for line in text.split("\n") for phrase in line.split("|")) - {""}


def says_nothing(text: str) -> bool:
    """Whether no letter and no digit is in it: blank, marks alone, emoji alone."""
    return not any(character.isalnum() for character in text)


def holds_words(text: str, words: str) -> bool:
    """Whether `words` stand in `text` as whole words, in that order; both plain."""
    return f" {words} " in f" {text} "


def one_slip_apart(typed: str, meant: str) -> bool:
    """Whether two different words of five letters or more are one letter left out, added, changed, or two
    neighbours swapped, apart (Damerau-Levenshtein distance 1)."""
    if min(len(typed), len(meant)) < SHORTEST_MISTYPED or abs(len(typed) - len(meant)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    if len(typed) > len(meant):
        return typed[start + 1 :] == meant[start:]
    if len(typed) < len(meant):
        return typed[start:] == meant[start + 1 :]
    swapped = typed[start : start + 2] == meant[start : start + 2][::-1]
    return typed[start + 1 :] == meant[start + 1 :] or (swapped and typed[start + 2 :] == meant[start + 2 :])
