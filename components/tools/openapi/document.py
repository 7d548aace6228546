"""An OpenAPI document as plain JSON values: bounded, and complete in itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable

from components.core.errors import InvalidToolDocument

LARGEST_DOCUMENT = 8_000_000
_VERSIONS = ("3.0", "3.1")


def read_document(text: str) -> dict[str, Any]:
    """Reads OpenAPI 3.0 or 3.1, JSON or YAML; nothing is fetched. Raises InvalidToolDocument, which names what is
    wrong."""
    if len(text) > LARGEST_DOCUMENT:
        raise InvalidToolDocument(f"the document has {len(text)} characters: at most {LARGEST_DOCUMENT} are allowed")
    try:
        read = _parsed(text)
        outside = next(_outside(read), None)
    except RecursionError as error:
        raise InvalidToolDocument("the document is nested too deeply to be read") from error
    if not isinstance(read, dict):
        raise InvalidToolDocument("the document is no JSON or YAML object: an OpenAPI document is allowed")
    version = str(read.get("openapi", read.get("swagger", "none")))
    if "openapi" not in read or not version.startswith(_VERSIONS):
        raise InvalidToolDocument(f"OpenAPI version {version[:40]!r}: {' and '.join(_VERSIONS)} are allowed")
    if outside is not None:
        raise InvalidToolDocument(f"$ref {outside[:200]!r} leaves the document: only '#/…' is allowed", field="$ref")
    return read


class References:
    """What `$ref`s within one document stand for."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._resolver = Registry[Any]().with_resource("", Resource.opaque(document)).resolver("")

    def target(self, reference: object) -> Any:
        """Raises InvalidToolDocument that names it, where it leads nowhere or out of the document."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise InvalidToolDocument(
                f"$ref {str(reference)[:200]!r} leaves the document: only '#/…' is allowed", field="$ref"
            )
        try:
            return self._resolver.lookup(reference).contents
        except (Unresolvable, TypeError, ValueError) as error:
            raise InvalidToolDocument(f"$ref {reference[:200]!r} stands for nothing", field="$ref") from error

    def followed(self, node: Any, what: str) -> dict[str, Any]:
        """`node`, or what it refers to. Raises InvalidToolDocument for a ring of references, and for no object."""
        passed: list[str] = []
        while isinstance(node, dict) and "$ref" in node:
            reference = str(node["$ref"])
            if reference in passed:
                raise InvalidToolDocument(f"{what}: $ref {reference[:200]!r} refers to itself", field="$ref")
            passed.append(reference)
            node = self.target(reference)
        if not isinstance(node, dict):
            raise InvalidToolDocument(f"{what} is no object")
        return node


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        # An alias makes a small text as large as it likes once it is walked.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.CSafeLoader)):
            raise InvalidToolDocument("the document holds YAML aliases (*name): $ref is allowed instead")
        # As JSON has it: keys such as 200 are texts, and so are dates.
        return json.loads(json.dumps(yaml.load(text, Loader=yaml.CSafeLoader), default=str))
    except (yaml.YAMLError, TypeError, ValueError) as error:
        told = " ".join(str(error).split())[:200]
        raise InvalidToolDocument(f"the document is neither JSON nor YAML: {told}") from error


def _outside(node: Any) -> Iterator[str]:
    """The references that leave the document."""
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            yield reference
        for each in node.values():
            yield from _outside(each)
    elif isinstance(node, list):
        for each in node:
            yield from _outside(each)
