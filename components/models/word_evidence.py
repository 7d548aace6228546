"""Which words of a question a text holds, rare words counting more and misspelt ones too."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
STOP_WORDS = frozenset(
    _WORD.findall(
        "a an the of to in on at for from with by and or but is are was were be been am do does did can could will "
        "would shall should may might must i me my we us our you your it its this that these those what which who whom "
        "how when where why if as have has had not no so there they them their he she his her get got please"
    )
)
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|es|s|'s|ly)$")
_ALIKE = 0.5  # Dice's coefficient of the letter triples from which a word counts as a misspelling of another


def stem(word: str) -> str:
    """`word`, lower case, without a common English ending."""
    return _ENDING.sub("", word.casefold())


def content_words(text: str) -> frozenset[str]:
    """The words that carry meaning, lower case, common English endings cut off."""
    return frozenset(stem(word) for word in _WORD.findall(text.casefold()) if word not in STOP_WORDS)


class AskedWords:
    """The content words of a question, weighed by how few of the texts at hand hold them (inverse
    document frequency, Spärck Jones 1972); a word that no text has is read as the nearest one there."""

    def __init__(self, question: str, texts: Sequence[frozenset[str]], headings: Sequence[frozenset[str]]) -> None:
        """texts: content words of each candidate; headings: of what stands above it."""
        self._texts, self._frequency = len(texts), Counter(word for words in texts for word in words)
        vocabulary = frozenset(self._frequency).union(*headings)
        read = {word if word in vocabulary else _nearest(word, vocabulary) for word in content_words(question)}
        self._weights = {word: self.weight(word) for word in sorted(read & vocabulary)}
        self._total = sum(self._weights.values())

    def share(self, words: frozenset[str]) -> float:
        """Share of the question's weight that `words` hold, 0 to 1."""
        if not self._total:
            return 0.0
        return sum(weight for word, weight in self._weights.items() if word in words) / self._total

    def weight(self, word: str) -> float:
        """How much the stem `word` tells the texts apart, above 0."""
        return math.log(1 + self._texts / (1 + self._frequency[word]))


def _nearest(word: str, vocabulary: frozenset[str]) -> str:
    """The word of `vocabulary` that `word` is most likely a misspelling of; itself where there is none."""
    if len(word) < 4 or any(char.isdigit() for char in word):
        return word
    best, found, own = _ALIKE, word, _triples(word)
    for other in sorted(vocabulary):
        if other[0] == word[0] and abs(len(other) - len(word)) <= 3:
            theirs = _triples(other)
            alike = 2 * len(own & theirs) / (len(own) + len(theirs))
            if alike > best:
                best, found = alike, other
    return found


def _triples(word: str) -> frozenset[str]:
    padded = f"^{word}$"
    return frozenset(padded[index : index + 3] for index in range(len(padded) - 2))
