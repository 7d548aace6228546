"""Arguments of a tool as the HTTP request that they stand for."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from components.core.errors import InvalidInput
from components.outbound.http_call import HttpCall
from components.tools.openapi.declaration import CredentialDeclaration, FieldDeclaration, OperationDeclaration

USER_AGENT = "helpdesk-tools"


def request_of(operation: OperationDeclaration, arguments: Mapping[str, Any], key: str) -> HttpCall:
    """Without credentials. key: sent as Idempotency-Key. Raises InvalidInput for what no address or header can hold."""
    url, query = operation.url, list[tuple[str, str]]()
    headers = {"Accept": "application/json, text/*;q=0.9, */*;q=0.1", "User-Agent": USER_AGENT}
    body: dict[str, Any] = {}
    for field in operation.fields:
        if field.argument not in arguments:
            continue
        value = arguments[field.argument]
        if field.place == "path":
            url = url.replace(f"{{{field.name}}}", _segment(field, value))
        elif field.place == "query":
            query += _query(field, value)
        elif field.place == "header":
            headers[field.name] = require_header(_told(field, value), f"arguments.{field.argument}")
        elif field.argument != operation.whole_body:
            body[field.name] = value
    headers["Idempotency-Key"] = require_header(quote(key, safe="!#$&'()*+,/:;=?@[]~"), "key")
    content = b""
    whole = None if operation.whole_body is None else arguments.get(operation.whole_body)
    if operation.media_type is not None and (body or whole is not None):
        headers["Content-Type"] = operation.media_type
        content = _content(operation.media_type, body if whole is None else whole)
    return HttpCall(operation.method, _with_query(url, query), headers, content)


def with_credentials(call: HttpCall, given: Sequence[tuple[CredentialDeclaration, str]]) -> tuple[HttpCall, list[str]]:
    """The call as it is sent, and the secrets in it, in each form that they have there. given: each with its
    secret."""
    headers, query, secrets = dict(call.headers), list[tuple[str, str]](), list[str]()
    for each, secret in given:
        secrets += [secret, quote(secret, safe=""), b64encode(secret.encode()).decode()]
        if each.kind == "query":
            query.append((each.name, secret))
        else:
            headers.update(_credential_header(each, secret))
    return HttpCall(call.method, _with_query(call.url, query), headers, call.body), secrets


def described(call: HttpCall, credentials: tuple[CredentialDeclaration, ...]) -> dict[str, Any]:
    """The call for people to read: secrets by their references."""
    headers = dict(call.headers)
    query = {each.name: f"({each.secret})" for each in credentials if each.kind == "query"}
    for each in credentials:
        if each.kind == "header":
            headers[each.name] = f"({each.secret})"
        elif each.kind != "query":
            headers["Authorization"] = f"{each.kind.capitalize()} ({each.secret})"
    shown: dict[str, Any] = {"method": call.method, "url": call.url, "headers": headers}
    if query:
        shown["query_credentials"] = query
    if call.body:
        shown["body"] = call.body.decode()
    return shown


def require_header(text: str, field: str) -> str:
    """`text`, where a header can hold it. Raises InvalidInput."""
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise InvalidInput(f"{field}: printable ASCII is allowed, without spaces at its ends", field=field)
    return text


def _credential_header(credential: CredentialDeclaration, secret: str) -> dict[str, str]:
    if credential.kind == "header":
        return {credential.name: secret}
    sent = b64encode(secret.encode()).decode() if credential.kind == "basic" else secret
    return {"Authorization": f"{credential.kind.capitalize()} {sent}"}


def _segment(field: FieldDeclaration, value: Any) -> str:
    """Percent-encoded, so that no argument adds a part to the path, or takes one away."""
    text = _told(field, value)
    if not text or any(each in (".", "..") for each in text.replace("\\", "/").split("/")):
        raise InvalidInput(
            f"arguments.{field.argument} {text[:80]!r} would name another path: give one part of a path",
            field=f"arguments.{field.argument}",
        )
    return quote(text, safe="")


def _query(field: FieldDeclaration, value: Any) -> Iterator[tuple[str, str]]:
    if field.style == "deepObject" and isinstance(value, dict):
        yield from ((f"{field.name}[{name}]", _text(each)) for name, each in value.items())
    elif field.style == "form" and field.explode and isinstance(value, list):
        yield from ((field.name, _text(each)) for each in value)
    elif field.style == "form" and field.explode and isinstance(value, dict):
        yield from ((name, _text(each)) for name, each in value.items())
    else:
        yield field.name, _told(field, value)


def _told(field: FieldDeclaration, value: Any) -> str:
    """As OpenAPI's styles `simple` and `form` tell one value."""
    if field.style == "json":
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return ",".join(_text(each) for each in value)
    if isinstance(value, dict):
        joint = "=" if field.explode else ","
        return ",".join(f"{name}{joint}{_text(each)}" for name, each in value.items())
    return _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _with_query(url: str, query: list[tuple[str, str]]) -> str:
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _content(media_type: str, value: Any) -> bytes:
    if media_type == "text/plain":
        return str(value).encode()
    if media_type == "application/x-www-form-urlencoded":
        pairs = value.items() if isinstance(value, dict) else ()
        return urlencode(
            [
                (name, _text(each))
                for name, told in pairs
                for each in (told if isinstance(told, list) else [told])
            ]
        ).encode()  # fmt: skip
    return json.dumps(value, ensure_ascii=False).encode()
