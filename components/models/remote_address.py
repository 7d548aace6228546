"""Where a remote model is, checked once, so that no call fails over a wrong address."""

from __future__ import annotations

from urllib.parse import urlsplit

from components.core.errors import InvalidCatalogue
from components.core.model_catalogue import ModelDeclaration


def remote_address(declaration: ModelDeclaration) -> str:
    """The declaration's base_url without a slash at its end. Raises InvalidCatalogue for none, or no http address."""
    url = (declaration.base_url or "").rstrip("/")
    try:
        parts = urlsplit(url)
        well = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        well = False
    if not well:
        raise InvalidCatalogue(
            f"the model {declaration.name!r} has base_url={shown_address(url)!r}; allowed: http:// or https:// "
            "with a host, a port from 1 to 65535 if any, and a path",
            field="base_url",
        )
    return url


def shown_address(url: str) -> str:
    """The address without what may be secret in it: user, password and query."""
    scheme, colon, rest = url.partition("?")[0].rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{colon}{host.rpartition('@')[2]}{slash}{path}"
