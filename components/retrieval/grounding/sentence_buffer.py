"""A streamed text handed on in whole sentences, each with the citations that follow it."""

from __future__ import annotations

import re

from components.core.sentences import sentence_spans
from components.models.word_evidence import content_words
from components.retrieval.grounding.citations import MARKS_AT_START, UNFINISHED_MARK, without_marks

_OPENING = " \t\r\n\"'“‘«([*_`"
_FORESEEN = 2
_BLOCK = re.compile(r"\s*(?:[-*+•]\s|\d{1,9}[.)]\s|#|\||`{3}|~{3})")
_FEWEST_WORDS = 2


class SentenceBuffer:
    """Everything it hands out, put together, is everything it was given.

    A sentence is whole once the next one has begun, since its citations may stand after the full stop. One of a
    single word, such as "Yes.", means nothing by itself and stays with the next.
    """

    def __init__(self) -> None:
        self._text = ""

    def add(self, piece: str) -> list[str]:
        """The sentences that `piece` has completed, each with the blanks before it."""
        self._text += piece
        return self._cut(finished=False)

    def rest(self) -> list[str]:
        """What is left, at the end of the text."""
        return self._cut(finished=True)

    def _cut(self, *, finished: bool) -> list[str]:
        found: list[str] = []
        begin = 0
        for _, end in sentence_spans(self._text)[: None if finished else -1]:
            marks = MARKS_AT_START.match(self._text, end)
            end = marks.end() if marks else end
            following = self._text[end:]
            if end <= begin or not (finished or _is_settled(following)):
                continue
            if _stands_alone(self._text[begin:end], following):
                found.append(self._text[begin:end])
                begin = end
        self._text = self._text[begin:]
        if finished and self._text:
            # Blanks, or a single word with nothing to go with.
            found, self._text = [*found, self._text], ""
        return found


def _is_settled(following: str) -> bool:
    """Whether nothing that is still to come can move the end of the sentence before `following`."""
    return len(following.lstrip(_OPENING)) >= _FORESEEN and not UNFINISHED_MARK.match(following)


def _stands_alone(sentence: str, following: str) -> bool:
    if _BLOCK.match(sentence) or _BLOCK.match(following) or "\n\n" in following[:3]:
        return True
    return len(content_words(without_marks(sentence))) >= _FEWEST_WORDS
