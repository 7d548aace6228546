"""An operation of somebody's HTTP API as it is kept: all that is needed to call it, secrets by reference."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from components.tools.tool import SideEffect

Place = Literal["path", "query", "header", "body"]
# form, deepObject and simple are OpenAPI's; json: the value as JSON text.
Style = Literal["form", "deepObject", "simple", "json"]
SAFE_METHODS = frozenset({"GET", "HEAD"})
# What HTTP has done once, however often it is asked for (RFC 9110).
IDEMPOTENT_METHODS = frozenset({"PUT", "DELETE"})


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldDeclaration(_Frozen):
    """Where an argument goes. argument: as callers name it. name: as the API does."""

    argument: str
    place: Place
    name: str
    style: Style = "simple"
    explode: bool = False


class CredentialDeclaration(_Frozen):
    """What is sent to be let in. name: of the header or parameter. secret: `env:NAME` or `file:/absolute/path`; for
    basic it is `user:password`."""

    kind: Literal["bearer", "basic", "header", "query"]
    secret: str
    name: str = ""


class OperationDeclaration(_Frozen):
    """url: with `{name}` for path parameters. host: the only one that is called. media_type: of the body, None without
    one. whole_body: the argument that is the body; None where fields make it up. honours_key: whether the same
    Idempotency-Key is acted on once there. private: whether addresses that are not public are called."""

    operation: str
    description: str
    side_effect: SideEffect
    method: str
    url: str
    host: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    fields: tuple[FieldDeclaration, ...] = ()
    media_type: str | None = None
    whole_body: str | None = None
    credentials: tuple[CredentialDeclaration, ...] = ()
    honours_key: bool = False
    private: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether the same call may be made again when nobody knows whether it was made."""
        return self.honours_key or self.side_effect == "read" or self.method in IDEMPOTENT_METHODS
