"""An answer as it grows out of checked sentences, and whether it can still stand."""

from __future__ import annotations

from typing import Protocol

from components.core.answers import Citation, Reason, SentenceSupport
from components.retrieval.grounding.grounder import CheckedSentence

# One sentence that nothing supports is left out; a second one, or this share of what was claimed, and the model
# is not to be believed.
MOST_DROPPED = 1
MOST_DROPPED_SHARE = 0.4


class Evidence(Protocol):
    """What an answer's sentences are held against, one after the other."""

    @property
    def citations(self) -> tuple[Citation, ...]: ...

    def check(self, sentence: str) -> CheckedSentence: ...


class Draft:
    """Takes sentences and gives back what of them may be shown. What claims nothing waits for the first claim that
    does, so that nobody is greeted and then left alone."""

    def __init__(self, grounding: Evidence) -> None:
        self._grounding = grounding
        self._text, self._waiting = "", ""
        self._sentences: list[SentenceSupport] = []
        self._claimed = self._dropped_weight = self._dropped = self._kept = 0
        self._contradicted = self._knows_nothing = False
        self.citations_removed = 0

    @property
    def text(self) -> str:
        return self._text

    @property
    def citations(self) -> tuple[Citation, ...]:
        return self._grounding.citations

    @property
    def sentences(self) -> tuple[SentenceSupport, ...]:
        """Every claim; one that was left out stands where it would have stood, with no extent."""
        return tuple(self._sentences)

    @property
    def is_broken(self) -> bool:
        """Whether the model has said what the passages contradict, or too much that they do not support."""
        return self._contradicted or self._dropped > MOST_DROPPED

    def add(self, sentence: str) -> str:
        """What may be shown now that this sentence is there; empty where nothing may."""
        checked = self._grounding.check(sentence)
        self.citations_removed += checked.removed
        if checked.kind != "claim":
            self._knows_nothing |= checked.kind == "ignorance"
            self._waiting += checked.text
            return ""
        weight = len(sentence.strip())
        self._claimed += weight
        if not checked.supported:
            self._contradicted |= checked.contradicted
            self._dropped += 1
            self._dropped_weight += weight
            self._flag(checked, sentence, len(self._text), len(self._text))
            return ""
        shown = self._waiting + checked.text
        shown = shown if self._text else shown.lstrip()
        start = len(self._text) + len(shown) - len(checked.text.lstrip())
        self._text, self._waiting = self._text + shown, ""
        self._kept += 1
        self._flag(checked, sentence, start, len(self._text))
        return shown

    def finish(self) -> str:
        """The closing words that were waiting, where there is anything to close."""
        shown = self._waiting.rstrip() if self._text else ""
        self._text, self._waiting = self._text + shown, ""
        return shown

    def verdict(self) -> Reason | None:
        """Why the answer cannot stand; None where it can. An answer without a supported claim is no answer, though
        the passages were thought to hold one."""
        if self.is_broken or self._dropped_weight > MOST_DROPPED_SHARE * max(1, self._claimed):
            return "unsupported"
        return None if self._kept else "retrieved_unused"

    def _flag(self, checked: CheckedSentence, sentence: str, start: int, end: int) -> None:
        self._sentences.append(
            SentenceSupport(start, end, round(checked.support, 3), checked.supported, sentence.strip())
        )
