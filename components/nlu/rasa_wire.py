"""What Rasa 3 answers to POST /model/parse, checked before anything of it is believed.

https://rasa.com/docs/rasa/pages/http-api (Rasa 3.6). Unknown keys are allowed; wrong types and ranges are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.core.nlu import Entity, RankedIntent, Understanding

LONGEST_MESSAGE = 1_000
_RANKED = 10
_INTENT_PAYLOAD = "/"

_Confidence = Annotated[float, Field(ge=0, le=1.000_01, allow_inf_nan=False)]
_Name = Annotated[str, Field(min_length=1, max_length=500)]


class InvalidAnswer(ValueError):
    """Not what Rasa 3 answers; the message says where."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _Intent(_Part):
    name: _Name | None
    confidence: _Confidence


class _Entity(_Part):
    entity: _Name
    start: int = Field(ge=0)
    end: int
    value: str | int | float | bool
    confidence_entity: _Confidence = 1.0


class _Response(_Part):
    intent_response_key: str | None = None


class _Selected(_Part):
    response: _Response


class _Parse(_Part):
    text: str
    intent: _Intent
    entities: list[_Entity] = Field(max_length=LONGEST_MESSAGE)
    intent_ranking: list[_Intent] = Field(default_factory=list, max_length=10_000)
    response_selector: dict[str, Any] = Field(default_factory=dict)


def sent_text(text: str) -> tuple[str, int]:
    """What Rasa is given of a message, and how many characters were cut off in front of it.

    At most 1,000 characters: DIET's time grows with the square of the length. Rasa strips a message itself, which would
    move the offsets. A slash in front would be taken as an intent (`/refund{"plan": "Pro"}`), which no customer may
    dictate; it becomes a space. Half characters (lone surrogates) become U+FFFD.
    """
    kept = text.lstrip()
    while kept.startswith(_INTENT_PAYLOAD):
        kept = kept.lstrip(_INTENT_PAYLOAD).lstrip()
    cut = len(text) - len(kept)
    whole = "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in kept[:LONGEST_MESSAGE])
    return whole.rstrip(), cut


def read_parse(answer: object, sent: str, cut: int, *, threshold: float) -> Understanding:
    """Rasa's answer to `sent`, with offsets in the message that it was cut from. Raises InvalidAnswer.

    A retrieval intent (`chitchat`) keeps its name; which response it selects is in `response` (`chitchat/ask_name`).
    """
    try:
        parsed = _Parse.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the answer"
        raise InvalidAnswer(f"{place}: {first['msg']}") from error
    if parsed.text != sent:
        raise InvalidAnswer("text: it is about another message")
    intent = parsed.intent
    ranking = sorted(parsed.intent_ranking, key=lambda each: -each.confidence)
    return Understanding(
        intent=intent.name,
        confidence=min(1.0, intent.confidence) if intent.name is not None else 0.0,
        threshold=threshold,
        engine="rasa",
        ranking=tuple(RankedIntent(each.name, min(1.0, each.confidence)) for each in ranking if each.name)[:_RANKED],
        entities=_entities(parsed.entities, sent, cut),
        response=_response(intent.name, parsed.response_selector),
    )


def _entities(found: list[_Entity], sent: str, cut: int) -> tuple[Entity, ...]:
    """In order of their place; of those that name the same thing at overlapping places, the surest."""
    kept: list[_Entity] = []
    for each in sorted(found, key=lambda entity: (-entity.confidence_entity, entity.start - entity.end, entity.start)):
        if not each.start < each.end <= len(sent):
            raise InvalidAnswer(f"entities: {each.start} to {each.end} lies outside the {len(sent)} characters")
        if not any(other.entity == each.entity and other.start < each.end and each.start < other.end for other in kept):
            kept.append(each)
    return tuple(
        Entity(each.entity, str(each.value), sent[each.start : each.end], each.start + cut, each.end + cut)
        for each in sorted(kept, key=lambda entity: (entity.start, entity.end, entity.entity))
    )


def _response(intent: str | None, selectors: Mapping[str, Any]) -> str | None:
    """A selector may be trained for one retrieval intent, or one called `default` for all of them."""
    if intent is None:
        return None
    for name in (intent, "default"):
        if name not in selectors:
            continue
        try:
            key = _Selected.model_validate(selectors[name]).response.intent_response_key
        except ValidationError as error:
            raise InvalidAnswer(f"response_selector.{name}: not a response and a ranking") from error
        if key is not None and key.startswith(f"{intent}/"):
            return key
    return None
