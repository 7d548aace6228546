"""What is understood of a customer's message, and the Protocol that every engine of understanding keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

EngineName = Literal["rasa", "local"]


@dataclass(frozen=True)
class Entity:
    """Something named in a message. value: after synonyms; start, end: character offsets of `text` in the message."""

    name: str
    value: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class RankedIntent:
    """One intent and how sure the engine is of it, 0 to 1."""

    name: str
    confidence: float


@dataclass(frozen=True)
class Understanding:
    """A message as an engine understands it.

    intent: the likeliest, whether or not it is sure enough; None where nothing was trained. confidence: 0 to 1, low
    also where the message is likely to be about none of the intents. threshold: below it, confidence is too low.
    ranking: best first, at most ten. response: the small talk's key (`chitchat/who_are_you`) that the message calls
    for. engine: who understood it. fallback: why not the one that leads, None where it was. version: of the engine's
    model, where it is known.
    """

    intent: str | None
    confidence: float
    threshold: float
    engine: EngineName
    ranking: tuple[RankedIntent, ...] = ()
    entities: tuple[Entity, ...] = ()
    response: str | None = None
    fallback: str | None = None
    seconds: float = 0.0
    version: str = ""

    @property
    def understood(self) -> bool:
        """Whether the intent may be acted on."""
        return self.intent is not None and self.confidence >= self.threshold


class NluEngine(Protocol):
    """Understands messages with one trained model. Thread-safe."""

    @property
    def name(self) -> EngineName: ...

    @property
    def version(self) -> str:
        """Of the trained model, as lineage shows it."""
        ...

    def parse(self, text: str, *, deadline: float) -> Understanding:
        """Any text without U+0000. deadline: seconds. Raises NluUnavailable past it, or where the engine is down."""
        ...
