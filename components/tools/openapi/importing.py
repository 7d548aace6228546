"""An OpenAPI document in, tools out, and what of it could make none, by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from components.core.errors import InvalidInput, InvalidToolDocument
from components.helpdesk.actions_config import TOOL_NAME
from components.tools.added import NewTool
from components.tools.arguments import check_schema, plain
from components.tools.openapi.declaration import OperationDeclaration
from components.tools.openapi.document import References, read_document
from components.tools.openapi.operations import FoundOperation, declare, find_operations
from components.tools.openapi.security import read_secrets
from components.tools.openapi.servers import OfferedServer, base_address, first_server

LARGEST_DECLARATION = 160_000
# What reading an operation of another shape than the specification's ends in.
_FAULTS = (InvalidInput, RecursionError, AttributeError, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class ImportRequest:
    """prefix: before each tool's name. only: operations by operationId, tool's name or `GET /path`; none = all. server:
    base address, none = the document's. secrets: `REFERENCE` or `SCHEME=REFERENCE`. private: addresses that are not
    public are allowed."""

    prefix: str = ""
    only: tuple[str, ...] = ()
    server: str | None = None
    secrets: tuple[str, ...] = ()
    private: bool = False


@dataclass(frozen=True)
class Imported:
    """origin: the API's base address. skipped: operations that make no tool, and why."""

    origin: str
    tools: tuple[NewTool, ...]
    skipped: tuple[tuple[str, str], ...] = ()


def import_document(text: str, asked: ImportRequest) -> Imported:
    """Nothing is fetched. Raises InvalidToolDocument where the document, or an operation that was asked for by name,
    makes no tool, InvalidInput for what was asked for."""
    if asked.prefix and not re.fullmatch(TOOL_NAME, asked.prefix):
        raise InvalidInput(f"prefix {asked.prefix[:80]!r}: small letters, digits and _ are allowed", field="prefix")
    secrets = read_secrets(asked.secrets)
    document = read_document(text)
    references = References(document)
    given = asked.server is not None
    base = base_address(asked.server) if asked.server is not None else first_server(document.get("servers"))
    if secrets and base.url.startswith("http:") and not asked.private:
        raise InvalidInput(f"{base.url}: a secret goes over https only", field="server")
    server = OfferedServer(base, given, asked.private)
    made: dict[str, NewTool] = {}
    origins: dict[str, str] = {}
    skipped: list[tuple[str, str]] = []
    for found in _picked(find_operations(document, references), asked):
        name = tool_name(found, asked.prefix)
        if name in origins:
            raise InvalidToolDocument(
                f"{origins[name]} and {found.title} would both be the tool {name!r}: --only picks one of them",
                field="operationId",
            )
        origins[name] = found.title
        try:
            made[name] = _tool(name, declare(found, document, references, server, secrets))
        except _FAULTS as error:
            told = error.message if isinstance(error, InvalidInput) else f"it is not as OpenAPI has it ({error})"
            if asked.only:
                raise InvalidToolDocument(f"{found.title}: {told}") from error
            skipped.append((found.title, told))
    if not made:
        told = "; ".join(f"{title}: {why}" for title, why in skipped[:5])
        raise InvalidToolDocument(f"no operation of the document makes a tool: {told or 'there is none'}")
    return Imported(base.url, tuple(made.values()), tuple(skipped))


def tool_name(found: FoundOperation, prefix: str = "") -> str:
    """Its operationId as tools are called: `listPets` is list_pets."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", found.name)
    plain = re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")
    whole = "_".join(each for each in (prefix.strip("_"), plain) if each)
    name = whole if whole[:1].isalpha() else f"call_{whole}"
    return name[:64].rstrip("_")


def _picked(found: Sequence[FoundOperation], asked: ImportRequest) -> list[FoundOperation]:
    if not asked.only:
        return list(found)
    picked: dict[str, FoundOperation] = {}
    for wanted in asked.only:
        named = [
            each for each in found if wanted in (each.name, each.title, tool_name(each), tool_name(each, asked.prefix))
        ]
        if not named:
            names = ", ".join(each.name for each in found[:30])
            raise InvalidInput(f"no operation is called {wanted[:80]!r}: there are {names}", field="only")
        picked.update({each.title: each for each in named})
    return list(picked.values())


def _tool(name: str, declaration: OperationDeclaration) -> NewTool:
    """Raises InvalidInput."""
    check_schema(declaration.input_schema, "its arguments")
    kept = plain(declaration.model_dump(mode="json"), "words about it", "operation", LARGEST_DECLARATION)
    return NewTool(name, "openapi", kept)
