"""An operation of somebody's HTTP API as a tool: called once where it must be, and its answer told as it is."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import httpx
from pydantic import ValidationError

from components.core.errors import HelpdeskError, InvalidToolDocument
from components.gateway.event_loop import EventLoopThread
from components.helpdesk.storable import made_readable
from components.outbound.http_call import HttpAnswer, call_http
from components.tools.openapi.declaration import OperationDeclaration
from components.tools.openapi.request import described, request_of, with_credentials
from components.tools.other_system import OtherSystem
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse

LARGEST_ANSWER = 200_000
LONGEST_REASON = 500
# With these a server says that it has done nothing yet.
_NOT_NOW = frozenset({408, 425, 429})
# And with these that the answer to what it did is elsewhere.
_SEE_OTHER = frozenset({301, 302, 303})


class OperationTool:
    """Keeps components.tools.tool.RemoteTool."""

    def __init__(self, name: str, declaration: OperationDeclaration, loop: EventLoopThread) -> None:
        """loop: on which it waits."""
        self._declaration, self._loop = declaration, loop
        where = f"{declaration.method} at {declaration.host}"
        self._system = OtherSystem(name, where, declaration.repeatable, declaration.side_effect == "read")
        self.spec = ToolSpec(
            name=name,
            description=declaration.description,
            input_schema=declaration.input_schema,
            output_schema=declaration.output_schema,
            side_effect=declaration.side_effect,
            source="openapi",
        )

    @property
    def repeatable(self) -> bool:
        return self._declaration.repeatable

    def describe(self, use: ToolUse) -> Mapping[str, Any]:
        """Raises InvalidInput."""
        return described(request_of(self._declaration, use.arguments, use.key), self._declaration.credentials)

    def act(self, use: ToolUse) -> ToolOutcome:
        call = request_of(self._declaration, use.arguments, use.key)
        if httpx.URL(call.url).host != self._declaration.host:
            raise self._system.refused(f"only {self._declaration.host} may be called")
        given = [(each, self._system.secret(each.secret)) for each in self._declaration.credentials]
        sent, secrets = with_credentials(call, given)

        def asking(seconds: float) -> Coroutine[Any, Any, HttpAnswer]:
            return call_http(sent, private=self._declaration.private, seconds=seconds, largest=LARGEST_ANSWER)

        answer = self._system.ask(use, self._loop, asking)
        if not 200 <= answer.status < 300:
            raise self._failure(answer, secrets)
        without = {"status": answer.status, "body": None}
        if answer.cut:
            return self._system.omitted(f"it has more than {LARGEST_ANSWER} bytes", without)
        return self._system.kept({"status": answer.status, "body": _body_of(answer)}, without)

    def _failure(self, answer: HttpAnswer, secrets: Sequence[str]) -> HelpdeskError:
        status, told = answer.status, f"{self._declaration.host} answered HTTP {answer.status}"
        if 300 <= status < 400:
            told = f"{told}: redirects are not followed"
            perhaps = status in _SEE_OTHER and not self.repeatable
            return self._system.lost(told) if perhaps else self._system.refused(told)
        if status == 401:
            # Servers repeat the credential in what they say here.
            return self._system.refused(f"{told}: it does not accept our credentials")
        told = f"{told}: {_reason(answer, secrets)}"
        if status in _NOT_NOW:
            return self._system.unavailable(told)
        if status >= 500 or (status == 409 and self._declaration.honours_key):
            return self._system.lost(told)
        return self._system.refused(told)


def operation_tool(name: str, declaration: Mapping[str, Any], loop: EventLoopThread) -> OperationTool:
    """Of what was kept. Raises InvalidToolDocument where it does not read."""
    try:
        return OperationTool(name, OperationDeclaration.model_validate(declaration), loop)
    except ValidationError as error:
        raise InvalidToolDocument(f"the tool {name!r} was kept in a form that is not read: {error}") from error


def _body_of(answer: HttpAnswer) -> Any:
    """JSON as its values, a text as text; what is neither is only told of."""
    if not answer.body:
        return None
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.headers.get("content-encoding", "identity") != "identity":
        return f"({len(answer.body)} bytes, compressed though nobody asked for it)"
    if media_type == "application/json" or media_type.endswith("+json") or not media_type:
        try:
            return json.loads(answer.body, parse_constant=_no_number)
        except (ValueError, RecursionError):
            pass
    if media_type.startswith("text/") or media_type.endswith(("json", "xml")) or not media_type:
        return made_readable(answer.body.decode(errors="replace"))
    return f"({len(answer.body)} bytes of {media_type[:80]})"


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _reason(answer: HttpAnswer, secrets: Sequence[str]) -> str:
    """What the system says went wrong, without what is secret."""
    body = _body_of(answer)
    if isinstance(body, dict):
        error = body.get("error")
        named = error if isinstance(error, dict) else body
        body = next(
            (named[each] for each in ("detail", "message", "error_description", "title", "error") if named.get(each)),
            body,
        )
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    for secret in secrets:
        text = text.replace(secret, "***")
    return " ".join(made_readable(text).split())[:LONGEST_REASON] or "it gives no reason"
