"""What is named in a message, found by the project's own patterns, lookup tables, synonyms and examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from components.core.nlu import Entity
from components.nlu.patterns import find_pattern
from components.nlu.training_data import NluData

LONGEST_READ = 2_000
MOST_ENTITIES = 50
# Shorter words are too often another word with one letter changed.
SHORTEST_MISSPELT = 6
_WORD = re.compile(r"\w+")
_BY_PATTERN, _BY_PHRASE = 0, 1


@dataclass(frozen=True)
class Phrase:
    """A known name of something. words: lower-case."""

    words: tuple[str, ...]
    entity: str
    value: str


@dataclass(frozen=True)
class EntityRules:
    """What a model keeps of its project to find entities by. patterns: regular expressions by entity name."""

    phrases: tuple[Phrase, ...]
    patterns: Mapping[str, tuple[str, ...]]
    synonyms: Mapping[str, str]

    @classmethod
    def of(cls, data: NluData) -> EntityRules:
        """A synonym belongs to the entities that its value is known as; of two phrases alike the first stays, tables
        before examples."""
        found: dict[tuple[tuple[str, ...], str], Phrase] = {}
        known_as: dict[str, set[str]] = {}

        def add(text: str, entity: str, value: str) -> None:
            words = tuple(_WORD.findall(text.lower()))
            if words:
                found.setdefault((words, entity), Phrase(words, entity, value))
                known_as.setdefault(value.lower(), set()).add(entity)

        for name, values in data.lookups.items():
            for value in values:
                add(value, name, data.synonyms.get(value.lower(), value))
        for message in data.messages:
            for entity in message.entities:
                # What a pattern describes is not a name: one order number says nothing of the next.
                if entity.name not in data.patterns:
                    add(entity.text, entity.name, data.synonyms.get(entity.text.lower(), entity.value))
        for variant, value in data.synonyms.items():
            for name in sorted(known_as.get(value.lower(), ())):
                add(variant, name, value)
        return cls(tuple(found.values()), dict(data.patterns), dict(data.synonyms))


class EntityFinder:
    """Finds entities whatever the case, at word boundaries, one slip allowed in words of six letters or more; of
    overlapping ones the longest. Thread-safe."""

    def __init__(self, rules: EntityRules) -> None:
        self._rules = rules
        self._by_first: dict[str, list[Phrase]] = {}
        for phrase in sorted(rules.phrases, key=lambda each: -len(each.words)):
            self._by_first.setdefault(phrase.words[0], []).append(phrase)
        self._words = {word for phrase in rules.phrases for word in phrase.words}
        self._slips: dict[str, set[str]] = {}
        for word in sorted(self._words):
            if len(word) >= SHORTEST_MISSPELT and word.isalpha():
                for form in _with_one_left_out(word):
                    self._slips.setdefault(form, set()).add(word)

    def find(self, text: str) -> tuple[Entity, ...]:
        """In order of their place, at most 50, in the first 2,000 characters."""
        text = text[:LONGEST_READ]
        candidates = [*self._by_pattern(text), *self._by_phrase(text)]
        candidates.sort(key=lambda each: (each[1].start - each[1].end, each[0], each[1].start))
        chosen: list[Entity] = []
        for _, entity in candidates:
            if all(entity.end <= other.start or other.end <= entity.start for other in chosen):
                chosen.append(entity)
        return tuple(sorted(chosen, key=lambda entity: entity.start)[:MOST_ENTITIES])

    def _by_pattern(self, text: str) -> Iterator[tuple[int, Entity]]:
        for name, patterns in self._rules.patterns.items():
            for pattern in patterns:
                for start, end in find_pattern(pattern, text):
                    found = text[start:end]
                    value = self._rules.synonyms.get(found.lower(), found)
                    yield _BY_PATTERN, Entity(name, value, found, start, end)

    def _by_phrase(self, text: str) -> Iterator[tuple[int, Entity]]:
        spans = [match.span() for match in _WORD.finditer(text)]
        words = [self._spelt(text[start:end].lower()) for start, end in spans]
        for place, word in enumerate(words):
            for phrase in self._by_first.get(word, ()):
                last = place + len(phrase.words)
                if tuple(words[place:last]) == phrase.words:
                    start, end = spans[place][0], spans[last - 1][1]
                    yield _BY_PHRASE, Entity(phrase.entity, phrase.value, text[start:end], start, end)

    def _spelt(self, word: str) -> str:
        """The known word that this one is, or is one slip away from; itself where there is none, or several."""
        if word in self._words or len(word) < SHORTEST_MISSPELT - 1 or not word.isalpha():
            return word
        near = {
            other for form in _with_one_left_out(word) for other in self._slips.get(form, ()) if _one_slip(word, other)
        }
        return near.pop() if len(near) == 1 else word


def _with_one_left_out(word: str) -> Iterable[str]:
    """The word and all forms of it that lack one letter: words within one slip of each other share one of them
    (symmetric deletion; Garbe 2012)."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _one_slip(one: str, other: str) -> bool:
    """Whether a letter more, less or other, or two swapped, makes one of the other; the first letter holds."""
    if one[0] != other[0] or abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) != len(other):
        short, long = sorted((one, other), key=len)
        return short[start:] == long[start + 1 :]
    swapped = one[start : start + 2] == other[start : start + 2][::-1]
    return one[start + 1 :] == other[start + 1 :] or (swapped and one[start + 2 :] == other[start + 2 :])
