"""The prompt that a TGI server's own chat template makes of messages, and how many tokens it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.core.chat_model import ChatMessage
from components.models.remote_errors import RemoteFailures
from components.models.tgi_connection import TgiConnection
from components.models.tgi_wire import plain_prompt

_NO_ROUTE = (404, 405)
_NO_TEMPLATE = 422


@dataclass(frozen=True)
class TgiPrompt:
    """tokens: None where the server does not count."""

    text: str
    tokens: int | None


class TgiPrompts:
    """Asks POST /chat_tokenize (TGI 2 and later), at the price of one small request a generation. Messages of a
    model without a template, or of an older server, are put one below the other."""

    def __init__(self, connection: TgiConnection, failures: RemoteFailures) -> None:
        self._connection, self._failures = connection, failures
        self._has_template = True
        self._added: frozenset[object] | None = None

    async def render(self, messages: Sequence[ChatMessage]) -> TgiPrompt:
        """Raises as TgiConnection.post does."""
        answer = await self._templated(messages) if self._has_template else None
        if answer is None:
            return TgiPrompt(plain_prompt(messages), None)
        try:
            text, tokens = str(answer["templated_text"]), answer["tokenize_response"]
            begins_with = tokens[0]["id"] if tokens else None
            # /generate_stream puts the tokenizer's own first token before every prompt, also before a template's.
            start = int(tokens[0]["stop"]) if begins_with in await self._added_tokens() else 0
        except (KeyError, TypeError, ValueError) as error:
            raise self._failures.misbehaved(f"/chat_tokenize answers with {answer!r}") from error
        return TgiPrompt(text[start:], len(tokens))

    async def _templated(self, messages: Sequence[ChatMessage]) -> Any:
        sent = [{"role": message.role, "content": message.content} for message in messages]
        status, answer = await self._connection.post(
            "/chat_tokenize", {"model": "tgi", "messages": sent}, allowed=(*_NO_ROUTE, _NO_TEMPLATE)
        )
        self._has_template = status not in _NO_ROUTE
        return answer if status == 200 else None

    async def _added_tokens(self) -> frozenset[object]:
        """Ids of the tokens that the tokenizer puts before a text: those that stand for none of it."""
        if self._added is None:
            status, tokens = await self._connection.post("/tokenize", {"inputs": "."}, allowed=_NO_ROUTE)
            known = tokens if status == 200 else []
            self._added = frozenset(token["id"] for token in known if token["start"] == token["stop"] == 0)
        return self._added
