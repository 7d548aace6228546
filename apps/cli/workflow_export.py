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
    from components.agents.workflows.document import parse_document, read_workflow
    from components.agents.workflows.library import shipped_documents
    from components.agents.workflows.n8n_form import N8nCredential, N8nPlace, n8n_form

    shipped, path = shipped_documents(), Path(document)
    if document not in shipped and not path.is_file():
        names = ", ".join(shipped)
        raise InvalidInput(f"{document!r}: no file, and none of the workflows that ship ({names})", field="document")
    read = shipped.get(document) or parse_document(path.read_text(encoding="utf-8", errors="replace"))
    workflow = read_workflow(read, name or str(read.get("name") or path.stem))
    api, webhook = N8nCredential(CREDENTIAL, "Helpdesk API"), N8nCredential(WEBHOOK_CREDENTIAL, "Helpdesk webhooks")
    return n8n_form(read, workflow.name, N8nPlace(api, webhook, package), example)


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"--example={text!r}: is no JSON: {error}", field="example") from error
    if not isinstance(value, dict):
        raise InvalidInput(f"--example={text!r}: a JSON object is allowed", field="example")
    return value
