"""The Protocol that every answer generator keeps: extractive now, language models behind the same door."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from components.core.answers import GeneratedText, GenerationRequest


class AnswerGenerator(Protocol):
    """Passages and a question in, text with [n] citations out. Thread-safe."""

    @property
    def name(self) -> str:
        """The model as lineage and `sources` show it."""
        ...

    def stream(self, request: GenerationRequest) -> Iterator[str | GeneratedText]:
        """Pieces of text as they are made, then exactly one GeneratedText. The pieces are provisional: the `text` of
        the GeneratedText is what counts and replaces them. It is their concatenation unless an answer that had begun
        turned out not to stand. Raises ModelUnavailable past the deadline. Closing the iterator cancels."""
        ...
