"""Where an API is: one host for each import, and never another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from components.core.errors import InvalidInput, InvalidToolDocument


@dataclass(frozen=True)
class BaseAddress:
    """url: without a slash at its end."""

    url: str
    host: str


@dataclass(frozen=True)
class OfferedServer:
    """base: of the whole document. given: an operator named it, whatever operations say. private: addresses that are
    not public are allowed."""

    base: BaseAddress
    given: bool = False
    private: bool = False

    def of(self, *nodes: Mapping[str, Any]) -> BaseAddress:
        """The base address of an operation, whose own servers, or its path's, come first. Raises InvalidToolDocument
        where they are elsewhere."""
        own = next((node["servers"] for node in nodes if node.get("servers")), None)
        if own is None or self.given:
            return self.base
        address = first_server(own)
        if address.host != self.base.host:
            raise InvalidToolDocument(
                f"it is at {address.host}, and the import is for {self.base.host}: --server names another address",
                field="servers",
            )
        return address


def base_address(url: str, field: str = "server") -> BaseAddress:
    """Raises InvalidInput for what is no address of a server."""
    try:
        parts = httpx.URL(url)
        well = parts.scheme in ("http", "https") and bool(parts.host) and parts.port != 0
    except httpx.InvalidURL:
        well = False
    if not well or parts.userinfo or parts.query or parts.fragment or "{" in url:
        shown = url.rpartition("@")[2][:200]
        raise InvalidInput(
            f"{field} {shown!r}: http:// or https:// with a host, and a path if any, is allowed", field=field
        )
    return BaseAddress(url.rstrip("/"), parts.host)


def first_server(servers: Any) -> BaseAddress:
    """Of a document's list, its variables at their defaults. Raises InvalidToolDocument."""
    server = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], dict) else {}
    url = str(server.get("url", ""))
    variables = server.get("variables")
    for name, variable in (variables if isinstance(variables, dict) else {}).items():
        if isinstance(variable, dict):
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    try:
        return base_address(url, "servers")
    except InvalidInput as error:
        raise InvalidToolDocument(f"{error.message}; --server names the address", field="servers") from error
