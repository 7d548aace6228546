"""What an HTTP Request node sends, and what it makes of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from components.agents.workflows.credentials import Proof, proof_of
from components.agents.workflows.expression_values import json_of
from components.agents.workflows.parameters import as_json, as_number, as_object, as_text, dig, rows
from components.agents.workflows.visit import Visit
from components.core.errors import InvalidInput, ToolRefused, ToolUnavailable
from components.outbound.http_call import HttpAnswer

DEFAULT_SECONDS, LONGEST_SECONDS = 10.0, 60.0
# Statuses that pass by themselves, with nothing done.
_PASSING = frozenset({408, 425, 429, 503})


@dataclass(frozen=True)
class Message:
    """format: json, text, or autodetect. whole: status and headers are given, too. never_fails: any status will do."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    format: str = "autodetect"
    whole: bool = False
    never_fails: bool = False

    @property
    def host(self) -> str:
        return httpx.URL(self.url).host


def message_of(visit: Visit, index: int) -> Message:
    """For one item. Raises InvalidInput, InvalidWorkflow, InvalidSetting."""
    given = visit.node.parameters
    proof = Proof()
    if given.get("authentication") == "genericCredentialType":
        kind = str(given["genericAuthType"])
        proof = proof_of(visit.tenant, kind, visit.node.credentials[kind])
    headers, body = _body(visit, index) if given.get("sendBody") is True else ({}, b"")
    if given.get("sendHeaders") is True:
        headers |= _pairs(visit, index, "Headers", "headerParameters")
    query = _pairs(visit, index, "Query", "queryParameters") if given.get("sendQuery") is True else {}
    response = dig(given, "options", "response", "response") or {}
    milliseconds = dig(given, "options", "timeout")
    milliseconds = 1000 * DEFAULT_SECONDS if milliseconds is None else visit.resolve(milliseconds, index)
    seconds = as_number(milliseconds, "timeout") / 1000
    return Message(
        str(given.get("method", "GET")),
        _url(as_text(visit.parameter("url", index), "url"), {**query, **proof.query}),
        {**headers, **proof.headers},
        body,
        min(max(seconds, 0.1), LONGEST_SECONDS),
        str(response.get("responseFormat", "autodetect")),
        response.get("fullResponse") is True,
        response.get("neverError") is True,
    )


def answer_of(message: Message, answer: HttpAnswer, *, repeats: bool) -> Sequence[Mapping[str, Any]]:
    """The items of an answer. repeats: the same call may be made again. Raises ToolRefused, ToolUnavailable."""
    if not message.never_fails and not 200 <= answer.status < 300:
        told = f"{message.host} answered HTTP {answer.status}"
        if answer.status in _PASSING or (answer.status >= 500 and repeats):
            raise ToolUnavailable(told)
        if 300 <= answer.status < 400:
            raise ToolRefused(f"{told}: redirects are not followed")
        raise ToolRefused(f"{told}: {answer.body[:300].decode(errors='replace')}".replace("\0", ""))
    if answer.cut:
        raise ToolRefused(f"{message.host} answered with more than is read")
    body = _read(message, answer)
    if message.whole:
        return [{"statusCode": answer.status, "headers": dict(answer.headers), "body": body}]
    if isinstance(body, list):
        return [each if isinstance(each, dict) else {"data": each} for each in body]
    return [body if isinstance(body, dict) else {"data": body}]


def _read(message: Message, answer: HttpAnswer) -> Any:
    text = answer.body.decode(errors="replace").replace("\0", "")
    is_json = "json" in answer.headers.get("content-type", "")
    if message.format == "text" or (message.format == "autodetect" and not is_json) or not text:
        return text or {}
    try:
        return as_json(text, "answer")
    except InvalidInput as error:
        raise ToolRefused(f"{message.host}: its {error.message}") from error


def _url(text: str, query: Mapping[str, str]) -> str:
    try:
        url = httpx.URL(text)
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise InvalidInput(f"url={text[:200]!r}: http:// or https:// and a host are allowed", field="url")
        return str(url.copy_merge_params(dict(query)) if query else url)
    except httpx.InvalidURL as error:
        raise InvalidInput(f"url={text[:200]!r}: {error}", field="url") from error


def _pairs(visit: Visit, index: int, what: str, key: str) -> dict[str, str]:
    if visit.node.parameters.get(f"specify{what}") == "json":
        found = as_object(visit.parameter(f"json{what}", index, "{}"), f"json{what}")
    else:
        found = {
            as_text(visit.resolve(row.get("name", ""), index), key): visit.resolve(row.get("value", ""), index)
            for row in rows(visit.node.parameters, key, "parameters")
        }
    pairs = {name: as_text(value, key) for name, value in found.items()}
    wrong = next((name for name, value in pairs.items() if not name or {"\n", "\r"} & set(name + value)), None)
    if wrong is not None:
        raise InvalidInput(f"{key}: {wrong[:60]!r} has no name, or holds a line break", field=key)
    return pairs


def _body(visit: Visit, index: int) -> tuple[dict[str, str], bytes]:
    given = visit.node.parameters
    kind = given.get("contentType", "json")
    if kind == "raw":
        said = as_text(visit.parameter("rawContentType", index, "text/plain"), "rawContentType")
        return {"Content-Type": said}, as_text(visit.parameter("body", index, ""), "body").encode()
    if given.get("specifyBody") == "json":
        written = visit.parameter("jsonBody", index, "{}")
        values = as_json(written, "jsonBody") if isinstance(written, str) else written
    else:
        values = {
            as_text(visit.resolve(row.get("name", ""), index), "bodyParameters"): visit.resolve(row.get("value"), index)
            for row in rows(given, "bodyParameters", "parameters")
        }
    if kind == "form-urlencoded":
        form = {name: as_text(value, name) for name, value in as_object(values, "bodyParameters").items()}
        return {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form).encode()
    return {"Content-Type": "application/json"}, json_of(values).encode()
