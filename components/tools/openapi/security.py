"""How an operation wants its callers to say who they are, and which secret says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from components.core.errors import InvalidInput, InvalidToolDocument
from components.tools.openapi.declaration import CredentialDeclaration
from components.tools.openapi.document import References

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/.+")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


def read_secrets(given: tuple[str, ...]) -> dict[str, str]:
    """`REFERENCE`, for every scheme, or `SCHEME=REFERENCE`: references by scheme, "" = every one. Raises InvalidInput,
    which repeats none of it: it may be a secret."""
    found: dict[str, str] = {}
    for each in given:
        scheme, equals, reference = each.partition("=")
        if not equals:
            scheme, reference = "", each
        if not _REFERENCE.fullmatch(reference):
            raise InvalidInput(
                "a secret is given by reference: env:NAME or file:/absolute/path, SCHEME= before it for one scheme",
                field="secret",
            )
        found[scheme] = reference
    return found


def credentials_of(
    document: Mapping[str, Any], operation: Mapping[str, Any], references: References, secrets: Mapping[str, str]
) -> tuple[CredentialDeclaration, ...]:
    """What is sent with the operation's calls: the first of the ways in that the secrets open.

    Raises InvalidToolDocument that names what is missing.
    """
    ways = operation.get("security", document.get("security"))
    if not ways:
        # Many documents leave it unsaid; whoever gives a secret wants it sent.
        unsaid = ways is None and "" in secrets
        return (CredentialDeclaration(kind="bearer", secret=secrets[""]),) if unsaid else ()
    schemes = document.get("components", {}).get("securitySchemes", {})
    refused: list[str] = []
    # The one that asks for nothing comes last: whoever has a secret wants to be known.
    for way in sorted(ways, key=lambda each: not each):
        try:
            return tuple(_credential(name, schemes, references, secrets) for name in way)
        except InvalidToolDocument as error:
            refused.append(error.message)
    raise InvalidToolDocument("; or ".join(dict.fromkeys(refused)), field="secret")


def _credential(
    name: str, schemes: Mapping[str, Any], references: References, secrets: Mapping[str, str]
) -> CredentialDeclaration:
    if name not in schemes:
        raise InvalidToolDocument(f"the security scheme {name!r} is not described")
    secret = secrets.get(name, secrets.get(""))
    if secret is None:
        raise InvalidToolDocument(f"the security scheme {name!r} needs a secret: --secret {name}=env:NAME")
    scheme = references.followed(schemes[name], f"the security scheme {name!r}")
    kind, how = scheme.get("type"), str(scheme.get("scheme", "")).lower()
    if kind in ("oauth2", "openIdConnect") or (kind == "http" and how == "bearer"):
        return CredentialDeclaration(kind="bearer", secret=secret)
    if kind == "http" and how == "basic":
        return CredentialDeclaration(kind="basic", secret=secret)
    place, key = scheme.get("in"), scheme.get("name")
    if kind == "apiKey" and place in ("header", "query") and isinstance(key, str) and _NAME.fullmatch(key):
        return CredentialDeclaration(kind="header" if place == "header" else "query", secret=secret, name=key)
    raise InvalidToolDocument(
        f"the security scheme {name!r} is {kind} {how or place or ''}: bearer, basic, and apiKey in a header or the "
        "query are allowed"
    )
