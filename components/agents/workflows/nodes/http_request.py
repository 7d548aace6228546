"""HTTP Request, n8n's versions 3 and 4: one call for each item, to addresses that may be called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.agents.journal import StepFailed, StepKey
from components.agents.workflows.http_message import Message, answer_of, message_of
from components.agents.workflows.item import Item, Outputs
from components.agents.workflows.node_kind import NodeKind
from components.agents.workflows.parameters import dig, not_one_of, unsupported
from components.agents.workflows.visit import Visit
from components.agents.workflows.workflow import Node
from components.core.errors import AnswerLost, OutcomeUnknown, Unavailable, Unreachable
from components.outbound.http_call import HttpCall, call_http

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
AUTH = ("httpHeaderAuth", "httpBearerAuth", "httpBasicAuth", "httpQueryAuth")
DEFAULT_SECONDS, LONGEST_SECONDS = 10.0, 60.0
LARGEST_ANSWER = 400_000
# What these do once they do twice.
_ONCE = ("POST", "PATCH")
_KNOWN = (
    *("method", "url", "authentication", "genericAuthType", "sendQuery", "specifyQuery", "queryParameters"),
    *("jsonQuery", "sendHeaders", "specifyHeaders", "headerParameters", "jsonHeaders", "sendBody", "contentType"),
    *("specifyBody", "bodyParameters", "jsonBody", "rawContentType", "body", "options", "provideSslCertificates"),
)
_LITERAL_HOST = re.compile(r"=?https?://[^/?#{}\s]+([/?#]|$)")


def _check(node: Node) -> Iterator[str]:
    given = node.parameters
    if node.version < 3:
        yield f"typeVersion {node.version:g} is not supported: 3 to 4.x are"
        return
    yield from unsupported(given, _KNOWN)
    yield from not_one_of(given, "method", "GET", METHODS)
    yield from not_one_of(given, "authentication", "none", ("none", "genericCredentialType"))
    yield from not_one_of(given, "contentType", "json", ("json", "form-urlencoded", "raw"))
    for name in ("specifyQuery", "specifyHeaders", "specifyBody"):
        yield from not_one_of(given, name, "keypair", ("keypair", "json"))
    yield from not_one_of(given, "provideSslCertificates", False, (False,))
    options = given.get("options") or {}
    yield from unsupported(options, ("timeout", "response", "redirect"), "the option")
    redirect = dig(options, "redirect", "redirect")
    if redirect is not None and dig(redirect, "followRedirects") is not False:
        yield "redirects are not followed: only followRedirects=false is allowed"
    response = dig(options, "response", "response") or {}
    yield from unsupported(response, ("responseFormat", "fullResponse", "neverError"), "the option")
    if dig(response, "responseFormat") not in (None, "autodetect", "json", "text"):
        yield "only autodetect, json and text are read: responseFormat is another"
    if not isinstance(given.get("url"), str) or not given["url"]:
        yield "the parameter 'url' is missing"
    elif given.get("authentication") == "genericCredentialType":
        yield from _check_access(node)


def _check_access(node: Node) -> Iterator[str]:
    kind = node.parameters.get("genericAuthType")
    if kind not in AUTH:
        yield f"genericAuthType={json.dumps(kind)} is not supported: {', '.join(AUTH)} are"
    elif kind not in node.credentials:
        yield f"it names no credentials of type {kind}"
    if not _LITERAL_HOST.match(node.parameters["url"]):
        yield "with credentials, the host in its url is to be written out: no expression decides who gets them"


def _run(visit: Visit) -> Outputs:
    if len(visit.items) == 1:
        return visit.each(lambda index, item: _ask(visit, message_of(visit, index), visit.key, visit.interrupted))
    return visit.each(lambda index, item: _ask_in_step(visit, index, item))


def _ask_in_step(visit: Visit, index: int, item: Item) -> Sequence[Mapping[str, Any]]:
    """A step for each of several items, so that none of them is asked for again where a later one fails."""
    name = f"{visit.step}/{index + 1}"
    stood = visit.journal.find(name)
    interrupted = stood is not None and stood.status == "running"

    def ask(key: StepKey) -> Mapping[str, Any]:
        return {"items": list(_ask(visit, message_of(visit, index), key, interrupted))}

    try:
        step = visit.journal.step(name, visit.node.type, dict(item.json), ask)
    except StepFailed as failed:
        raise failed.error from failed
    found: list[Mapping[str, Any]] = step["items"]
    return found


def _ask(visit: Visit, message: Message, key: StepKey, interrupted: bool) -> Sequence[Mapping[str, Any]]:
    """What came back, as items. Raises ToolRefused, ToolUnavailable, OutcomeUnknown, AddressNotAllowed."""
    repeats = message.method not in _ONCE or visit.node.tries is not None
    if interrupted and not repeats:
        raise OutcomeUnknown(f"{message.host} was asked and its answer was lost: it is not asked again")
    headers = {"User-Agent": "helpdesk-workflow", "Idempotency-Key": key.key, **message.headers}
    # Whatever its capitals: a header that the node sets is the one that is sent.
    own = {name.lower(): value for name, value in headers.items()}
    call = HttpCall(message.method, message.url, own, message.body)
    asked = call_http(call, private=visit.services.private, seconds=message.seconds, largest=LARGEST_ANSWER)
    try:
        answer = visit.services.loop.run(asked, message.seconds + 1)
    except Unavailable as error:
        # Only what was surely not sent is asked for again, where twice is not the same as once.
        if repeats or (isinstance(error, Unreachable) and not isinstance(error, AnswerLost)):
            raise
        raise OutcomeUnknown(f"{message.host} was asked and its answer was lost: it is not asked again") from error
    return answer_of(message, answer, repeats=repeats)


HTTP_REQUEST = NodeKind(_run, _check)
