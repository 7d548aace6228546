"""`helpdesk workflow export`: a workflow in the form that n8n itself imports."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from components.core.errors import InvalidInput

CREDENTIAL, WEBHOOK_CREDENTIAL = "helpdesk-api", "helpdesk-webhook"


def add_export_command(app: typer.Typer) -> None:
    """Adds it to `helpdesk workflow`."""
    app.command("export")(export)


def export(
    document: Annotated[str, typer.Argument(help="File of a workflow, or the name of one that ships: refund.")],
    example: Annotated[str, typer.Option(help="Input where it is begun by hand in n8n: JSON.")] = "{}",
    name: Annotated[str | None, typer.Option(help="Name in n8n; none = the document's own.")] = None,
    package: Annotated[
        str, typer.Option(help="Where n8n has our nodes from: n8n-nodes-helpdesk where it is installed as a package.")
    ] = "CUSTOM",
) -> None:
    """Write a workflow as n8n imports it: our nodes under the package's names, expressions as n8n reads them, a trigger
    by hand and a webhook where it has none. It wants the credentials `helpdesk-api` and `helpdesk-webhook` there.

    Example: helpdesk workflow export refund > refund.json && n8n import:workflow --input=refund.json
    """
    json.dump(form_of(document, _object(example), name, package), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def form_of(
    document: str, example: Mapping[str, Any], name: str | None = None, package: str = "CUSTOM"
) -> dict[str, Any]:
    """What n8n imports for the workflow of this file or name. Raises InvalidInput, InvalidWorkflow."""
    from components.agents.workflows.json_comments import loads_commented
    from components.agents.workflows.n8n_form import N8nCredential, N8nPlace, n8n_form

    path = _path_of(document)
    read = loads_commented(path.read_text(encoding="utf-8"))
    nodes = read.get("nodes") if isinstance(read, dict) else None
    if not isinstance(nodes, list) or not all(
        isinstance(each, dict) and {"name", "type"} <= each.keys() for each in nodes
    ):
        raise InvalidInput(f"{path}: is no workflow: nodes that have a name and a type are allowed", field="document")
    api, webhook = N8nCredential(CREDENTIAL, "Helpdesk API"), N8nCredential(WEBHOOK_CREDENTIAL, "Helpdesk webhooks")
    return n8n_form(read, name or str(read.get("name") or path.stem), N8nPlace(api, webhook, package), example)


def _path_of(document: str) -> Path:
    import components.agents

    shipped = Path(components.agents.__path__[0], "shipped")
    for path in (shipped / f"{document}.json", Path(document)):
        if path.is_file():
            return path
    names = ", ".join(sorted(path.stem for path in shipped.glob("*.json")))
    raise InvalidInput(f"{document!r}: no such file, and none of the workflows that ship ({names})", field="document")


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"--example={text!r}: is no JSON: {error}", field="example") from error
    if not isinstance(value, dict):
        raise InvalidInput(f"--example={text!r}: a JSON object is allowed", field="example")
    return value
