"""What an OpenAPI document says of one operation, as a declaration that can be called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from components.core.errors import InvalidInput, InvalidToolDocument
from components.tools.arguments import check_schema
from components.tools.openapi.declaration import SAFE_METHODS, OperationDeclaration, Place, Style
from components.tools.openapi.document import References
from components.tools.openapi.flattening import Parameter, flatten
from components.tools.openapi.security import credentials_of
from components.tools.openapi.servers import OfferedServer
from components.tools.schemas import PortableSchemas
from components.tools.tool import SideEffect

METHODS = ("get", "head", "put", "post", "patch", "delete")
LONGEST_DESCRIPTION = 1000
KEY_HEADER = "idempotency-key"
# Not an API's to ask for: they are ours, the connection's, or a credential's.
_NOT_ASKED = frozenset({"accept", "content-type", "authorization", KEY_HEADER})
_NEVER_SENT = frozenset({"host", "content-length", "transfer-encoding", "connection", "cookie", "te", "upgrade"})
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_JSON = re.compile(r"application/(json|[\w.+-]+\+json)")
_FORM = "application/x-www-form-urlencoded"
_ANY_RESULT = {"type": "object", "properties": {"status": {"type": "integer"}, "body": {}}}


@dataclass(frozen=True)
class FoundOperation:
    """name: its operationId, else its method and path. node: what is said of it. shared: what is said of its path."""

    name: str
    method: str
    path: str
    node: Mapping[str, Any]
    shared: Mapping[str, Any]

    @property
    def title(self) -> str:
        return f"{self.method.upper()} {self.path}"


def find_operations(document: Mapping[str, Any], references: References) -> list[FoundOperation]:
    """Raises InvalidToolDocument."""
    paths = document.get("paths")
    if not isinstance(paths, dict) or not paths:
        raise InvalidToolDocument("the document has no paths: it describes nothing that could be called", field="paths")
    found = []
    for path, node in paths.items():
        shared = references.followed(node, f"path {path[:200]!r}")
        for method in METHODS:
            if isinstance(shared.get(method), dict):
                name = shared[method].get("operationId") or f"{method} {path}"
                found.append(FoundOperation(str(name), method, path, shared[method], shared))
    return found


def declare(
    found: FoundOperation,
    document: Mapping[str, Any],
    references: References,
    server: OfferedServer,
    secrets: Mapping[str, str],
) -> OperationDeclaration:
    """Raises InvalidToolDocument that says what of it cannot be called."""
    if not found.path.startswith("/"):
        raise InvalidToolDocument(f"the path {found.path[:80]!r} does not begin with /")
    schemas = PortableSchemas(references.target)
    described = _described(found, references)
    parameters = [made for each in described if (made := _parameter(each, references, schemas)) is not None]
    missing = set(re.findall(r"\{([^{}]+)\}", found.path)) - {each.name for each in parameters if each.place == "path"}
    if missing:
        raise InvalidToolDocument(f"its path parameter {sorted(missing)[0]!r} is not described")
    media_type, body, body_required = _body(found.node, references, schemas)
    flat = flatten(parameters, body, schemas, body_required=body_required)
    base = server.of(found.node, found.shared)
    text = " ".join(str(found.node.get(each) or "") for each in ("summary", "description")).strip()
    honours = found.node.get("x-helpdesk-idempotent") is True or any(
        each.get("in") == "header" and str(each.get("name")).lower() == KEY_HEADER for each in described
    )
    return OperationDeclaration(
        operation=found.name,
        description=(text or found.title)[:LONGEST_DESCRIPTION],
        side_effect=_side_effect(found),
        method=found.method.upper(),
        url=base.url + found.path,
        host=base.host,
        input_schema=flat.schema,
        output_schema=_output(found.node, references),
        fields=flat.fields,
        media_type=media_type,
        whole_body=flat.whole_body,
        credentials=credentials_of(document, found.node, references, secrets),
        honours_key=honours,
        private=server.private,
    )


def _described(found: FoundOperation, references: References) -> list[dict[str, Any]]:
    """Its parameters; those of its path where it says nothing else of them."""
    kept: dict[tuple[str, str], dict[str, Any]] = {}
    for node in (found.shared, found.node):
        for each in node.get("parameters") or ():
            parameter = references.followed(each, f"a parameter of {found.title}")
            kept[str(parameter.get("in")), str(parameter.get("name"))] = parameter
    return list(kept.values())


def _parameter(node: Mapping[str, Any], references: References, schemas: PortableSchemas) -> Parameter | None:
    """None for what callers are not asked for. Raises InvalidToolDocument for what cannot be sent."""
    name, place, required = str(node.get("name", "")), str(node.get("in")), node.get("required") is True
    if place == "header" and name.lower() in _NOT_ASKED:
        return None
    what = f"the parameter {name[:80]!r} in {place[:20]}"
    content = node.get("content")
    style = "json" if content else str(node.get("style") or ("form" if place == "query" else "simple"))
    allowed = {"path": ("simple", "json"), "header": ("simple", "json"), "query": ("form", "deepObject", "json")}
    sendable = style in allowed.get(place, ()) and (place != "header" or _may_be_header(name))
    if not name or not sendable or (content and not _json_type(content)):
        if required or place == "path":
            raise InvalidToolDocument(f"{what} (style {style[:30]}) cannot be sent")
        return None
    raw = content[_json_type(content)].get("schema") if content else node.get("schema")
    schema = schemas.convert(raw)
    if node.get("description") and "$ref" not in schema:
        schema["description"] = str(node["description"])[:500]
    explode = node.get("explode", style == "form") is True
    # A path without one of its parts is another path.
    return Parameter(name, cast(Place, place), schema, required or place == "path", cast(Style, style), explode)


def _may_be_header(name: str) -> bool:
    return _HEADER_NAME.fullmatch(name) is not None and name.lower() not in _NEVER_SENT


def _body(
    node: Mapping[str, Any], references: References, schemas: PortableSchemas
) -> tuple[str | None, dict[str, Any] | None, bool]:
    """Its media type, its converted schema, and whether there must be one."""
    if "requestBody" not in node:
        return None, None, False
    body = references.followed(node["requestBody"], "the body")
    content: dict[str, Any] = body["content"] if isinstance(body.get("content"), dict) else {}
    required = body.get("required") is True
    media_type = _json_type(content) or next((each for each in (_FORM, "text/plain") if each in content), None)
    if media_type is None:
        if required:
            kinds = ", ".join(map(str, content))[:100] or "nothing"
            raise InvalidToolDocument(f"its body is {kinds}: JSON, {_FORM} and text/plain can be sent")
        return None, None, False
    if media_type == "text/plain":
        return media_type, {"type": "string"}, required
    return media_type, schemas.convert((content[media_type] or {}).get("schema")), required


def _json_type(content: Mapping[str, Any]) -> str | None:
    return next((each for each in content if _JSON.fullmatch(str(each).partition(";")[0].strip().lower())), None)


def _side_effect(found: FoundOperation) -> SideEffect:
    said = found.node.get("x-helpdesk-side-effect")
    if said is None:
        return "read" if found.method.upper() in SAFE_METHODS else "write"
    if said not in get_args(SideEffect):
        raise InvalidToolDocument(
            f"x-helpdesk-side-effect {str(said)[:40]!r}: {', '.join(get_args(SideEffect))} are allowed",
            field="x-helpdesk-side-effect",
        )
    return cast(SideEffect, said)


def _output(node: Mapping[str, Any], references: References) -> dict[str, Any]:
    """Of {status, body}. A result is not held to it, so that one which cannot be told is told as anything."""
    try:
        for status, each in (node.get("responses") or {}).items():
            if str(status).startswith("2"):
                content = references.followed(each, "a response").get("content") or {}
                media_type = _json_type(content)
                if media_type is None:
                    continue
                schemas = PortableSchemas(references.target, "received")
                body = schemas.convert((content[media_type] or {}).get("schema"))
                properties = {"status": {"type": "integer"}, "body": body}
                told = schemas.closed({"type": "object", "properties": properties})
                check_schema(told, "its result")
                return told
    except InvalidInput:
        pass
    return _ANY_RESULT
