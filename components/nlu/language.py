"""Which language a customer writes in, decided only where the message shows it: most messages are a few words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import lingua

LONGEST_READ = 1_000
# Found by trial on short customer messages, with lingua's small models: below these it is often wrong.
LEAST_LETTERS = 8
CLEAR, LIKELY = 0.9, 0.7
_LATIN = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sv", "da", "nb", "fi", "tr", "ro", "hu")
_CYRILLIC = ("ru", "uk", "bg")
_ARABIC = ("ar", "fa")
_LEAST_OF_SCRIPT = 2
# By the first word of a letter's Unicode name.
_OF_SCRIPT = {"HEBREW": "he", "GREEK": "el", "HANGUL": "ko", "THAI": "th", "DEVANAGARI": "hi"}
_SEVERAL = {"LATIN": _LATIN, "CYRILLIC": _CYRILLIC, "ARABIC": _ARABIC}
_KANA, _HAN = ("HIRAGANA", "KATAKANA"), "CJK"
# Addresses, and whatever holds a digit: order numbers are of no language.
_NO_WORDS = re.compile(r"https?://\S+|\S+@\S+|\S*\d\S*|[\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


class LanguageDetector:
    """Detects some 30 languages by script, and by lingua (n-grams of letters) where several share one. Thread-safe.

    Its models are read at the first message that needs them: some 40 MB and a third of a second; then 0.1 ms each.

    >>> LanguageDetector().detect("Wo ist meine Bestellung?", "en")
    'de'
    """

    def detect(self, text: str, previous: str | None = None) -> str | None:
        """The language of `text` as ISO 639-1, or `previous` where it does not show: a word, a number, an emoji.

        previous: of the conversation so far, or the tenant's own where there was none. Another one than it is taken
        only where the message is clear about it. The first 1,000 characters are read.
        """
        words = _NO_WORDS.sub(" ", text[:LONGEST_READ])
        script, letters = _script_of(words)
        if script in _OF_SCRIPT:
            return _OF_SCRIPT[script]
        if script == _HAN:
            return "ja" if previous == "ja" else "zh"
        if script in _KANA:
            return "ja"
        among = _SEVERAL.get(script)
        if among is None:
            return previous
        if script == "LATIN" and letters < LEAST_LETTERS:
            return previous
        return self._by_letters(words, among, previous)

    def _by_letters(self, words: str, among: tuple[str, ...], previous: str | None) -> str | None:
        ranked = self._lingua.compute_language_confidence_values(words)
        likeliest = next((each for each in ranked if _code(each) in among), None)
        if likeliest is None:
            return previous
        # A script of its own rules the previous language out; Latin letters are written by everybody.
        changes = previous in among or (previous is not None and among is _LATIN)
        if likeliest.value >= (CLEAR if changes else LIKELY):
            return _code(likeliest)
        return previous if changes or among is _LATIN else among[0]

    @cached_property
    def _lingua(self) -> lingua.LanguageDetector:
        from lingua import IsoCode639_1, LanguageDetectorBuilder

        codes = [getattr(IsoCode639_1, code.upper()) for several in _SEVERAL.values() for code in several]
        return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_low_accuracy_mode().build()


def _code(found: lingua.ConfidenceValue) -> str:
    return found.language.iso_code_639_1.name.lower()


def _script_of(words: str) -> tuple[str, int]:
    """The script that at least half of the letters are of, and how many are; empty where there is none."""
    counts = Counter(_script(character) for character in words if character.isalpha())
    if any(counts[kana] for kana in _KANA):
        return _KANA[0], counts.total()
    script, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
    clear = count >= _LEAST_OF_SCRIPT and 2 * count >= counts.total()
    return (script, count) if clear else ("", 0)


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]
