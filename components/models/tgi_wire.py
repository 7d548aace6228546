"""Our chat types as TGI's generate_stream puts them, there and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from text_generation.errors import OverloadedError, RateLimitExceededError, ValidationError, parse_error
from text_generation.types import FinishReason as TgiFinish
from text_generation.types import Grammar, GrammarType, Parameters, Request, Token

from components.core.chat_model import ChatMessage, ChatRequest
from components.core.errors import InvalidInput
from components.models.remote_errors import RemoteFailures
from components.models.remote_stream import RemoteEvent
from components.models.text_pieces import whole_characters

MOST_STOPS = 4  # TGI's default limit; our own side cuts at the others
_ROLES = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"}


def generation_body(request: ChatRequest, prompt: str) -> dict[str, Any]:
    """The body of POST /generate_stream. Raises InvalidInput naming what the protocol does not take."""
    samples = request.temperature > 0
    schema = request.response_schema
    try:
        parameters = Parameters(
            details=True,
            do_sample=samples,
            temperature=request.temperature if samples else None,
            top_p=request.top_p if samples and request.top_p != 1.0 else None,
            max_new_tokens=request.max_tokens,
            seed=request.seed,
            stop=[sequence for sequence in request.stop if sequence][:MOST_STOPS],
            grammar=Grammar(type=GrammarType.Json, value=dict(schema)) if schema is not None else None,
        )
        return dict(
            Request(inputs=prompt, stream=True, parameters=parameters).model_dump(exclude_none=True, mode="json")
        )
    except ValidationError as error:
        raise InvalidInput(f"TGI does not take this request: {error}") from error


def plain_prompt(messages: Sequence[ChatMessage]) -> str:
    """One text for a model without a chat template."""
    told = [f"{_ROLES[message.role]}: {message.content}" for message in messages]
    return "\n\n".join([*told, "Assistant:"])


class TgiEvents:
    """Reads the events of one stream, in order. Raises ModelMisbehaved for one that does not follow the last, or an
    end whose text is not what was streamed: then two streams have been crossed."""

    def __init__(self, failures: RemoteFailures, input_tokens: int | None) -> None:
        self._failures, self._input_tokens = failures, input_tokens
        self._index = -1
        self._text = ""

    def read(self, event: object) -> RemoteEvent:
        if not isinstance(event, dict):
            raise self._failures.misbehaved(f"no event: {event!r}")
        if "error" in event:
            self._refuse(event)
        self._follow(event.get("index"))
        try:
            token = Token.model_validate(event.get("token"))
            details = event.get("details") or {}
            finish = TgiFinish(details["finish_reason"]) if details else None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._failures.misbehaved(f"no event: {event!r}") from error
        text = "" if token.special else token.text
        self._text += text
        if finish is None:
            return RemoteEvent(text)
        self._compare(event.get("generated_text"))
        return RemoteEvent(
            text,
            finish="length" if finish is TgiFinish.Length else "stop",
            # TGI tells it since 2.3; before, what /chat_tokenize counted.
            input_tokens=details.get("input_length", self._input_tokens),
            output_tokens=details.get("generated_tokens"),
        )

    def _refuse(self, event: dict[str, Any]) -> None:
        error = parse_error(0, event)
        overloaded = isinstance(error, OverloadedError | RateLimitExceededError)
        raise self._failures.told_while_writing(error, overloaded=overloaded)

    def _follow(self, index: object) -> None:
        if not isinstance(index, int):
            return
        if index <= self._index:
            raise self._failures.misbehaved(f"token {index} after token {self._index} of one stream")
        self._index = index

    def _compare(self, whole: object) -> None:
        """Spaces and an unfinished last character may differ: TGI decodes the whole anew."""
        if not isinstance(whole, str):
            return
        streamed, told = ("".join(text.rstrip("\ufffd").split()) for text in (whole_characters(self._text), whole))
        if not streamed.startswith(told) and not told.startswith(streamed):
            raise self._failures.misbehaved(f"its whole text {whole[:60]!r} is not what it streamed")
