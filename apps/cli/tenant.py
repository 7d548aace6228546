"""`helpdesk tenant`: create, look at, configure and delete tenants."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.cli.console import out, plain_table, print_json, warn
from apps.cli.context import AsJson, open_registry
from components.core.errors import InvalidInput
from components.core.tenant import Tenant

if TYPE_CHECKING:
    from components.core.settings import Settings

app = typer.Typer(help="Create, look at, configure and delete tenants.", no_args_is_help=True)

Domain = Annotated[str, typer.Argument(help="Domain of the tenant, such as shop.example.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Name as customers see it.")],
    domain: Domain,
    config: Annotated[Path | None, typer.Option(help="YAML file with branding, greeting, contact, examples.")] = None,
    knowledge: Annotated[Path | None, typer.Option(help="Folder of Markdown, HTML, text and PDF documents.")] = None,
    evaluation: Annotated[Path | None, typer.Option(help="Folder of evaluation questions in BEIR layout.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create a tenant and show its first API key, once.

    Example: helpdesk tenant create "My Shop" shop.example --knowledge ./help-centre
    """
    from components.helpdesk.tenants import declared_in
    from components.knowledge.source_declarations import FILE_NAME, FolderSourceAttributes, write_declaration

    for option, folder in (("knowledge", knowledge), ("evaluation", evaluation)):
        if folder is not None and not folder.is_dir():
            raise InvalidInput(f"--{option}={folder}: no such folder", field=option)
    values = read_config_file(config) if config else {}
    with open_registry() as registry:
        _warn_of_unknown_models(registry.settings, values)
        declaration = declared_in(registry.settings.data_dir, domain) / "help" / FILE_NAME
        if knowledge is not None and declaration.exists():
            raise InvalidInput(f"{declaration} declares a source already: leave --knowledge out, or remove it")
        made = registry.tenants.create(name, domain, values)
        issued = registry.api_keys.issue(made.context, "first key")
        if knowledge is not None:
            write_declaration(
                declaration,
                FolderSourceAttributes(
                    tenant=domain,
                    name="help",
                    folder=str(knowledge.resolve()),
                    evaluation=str(evaluation.resolve()) if evaluation else None,
                ),
            )
    if as_json:
        print_json({**asdict(made), "api_key": issued.key})
        return
    out.print(f"created {made.name} ({made.domain}), tenant_id {made.tenant_id}", markup=False)
    out.print(f"API key, shown this once: {issued.key}", style="bold", markup=False, soft_wrap=True)
    out.print(f"next: helpdesk ingest {made.domain}", markup=False)


@app.command("list")
def list_tenants(as_json: AsJson = False) -> None:
    """All tenants, by domain."""
    with open_registry() as registry:
        tenants = registry.tenants.list()
    if as_json:
        print_json([asdict(tenant) for tenant in tenants])
        return
    table = plain_table("domain", "name")
    table.add_column("tenant_id", no_wrap=True, min_width=36)  # An id cut short is none.
    for tenant in tenants:
        table.add_row(tenant.domain, tenant.name, str(tenant.tenant_id))
    out.print(table if tenants else "no tenant yet: helpdesk tenant create NAME DOMAIN")


@app.command()
def show(domain: Domain, as_json: AsJson = False) -> None:
    """One tenant with its configuration."""
    with open_registry() as registry:
        _print_tenant(registry.tenants.get_by_domain(domain), as_json)


@app.command()
def config(
    domain: Domain,
    file: Annotated[Path, typer.Argument(help="YAML file that replaces the configuration.")],
    as_json: AsJson = False,
) -> None:
    """Replace a tenant's whole configuration: branding, greeting, contact, example_questions, high_accuracy_model,
    models, budget. What the file leaves out goes back to its default.

    Example: helpdesk tenant show shop.example --json, edit its config, helpdesk tenant config shop.example FILE
    """
    values = read_config_file(file)
    with open_registry() as registry:
        _warn_of_unknown_models(registry.settings, values)
        tenant = registry.tenants.get_by_domain(domain)
        _print_tenant(registry.tenants.update_config(tenant.tenant_id, values), as_json)


@app.command()
def delete(
    domain: Domain,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a tenant with everything it has: documents, index, answers, keys."""
    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        if not yes:
            if as_json or not sys.stdin.isatty():
                raise InvalidInput(f"deleting {domain} cannot be undone: give --yes", field="yes")
            question = f"Delete {tenant.name} ({domain}) with all its documents, answers and keys?"
            typer.confirm(question, abort=True, err=True)
        registry.tenants.delete(tenant.tenant_id)
    if as_json:
        print_json({"deleted": str(tenant.tenant_id), "domain": domain})
    else:
        out.print(f"deleted {domain}", markup=False)


def read_config_file(file: Path) -> dict[str, Any]:
    """A YAML mapping. Raises InvalidInput naming the file."""
    import yaml

    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidInput(f"{file}: {error}") from error
    if not isinstance(values, dict):
        raise InvalidInput(f"{file}: a YAML mapping is needed, such as `greeting: Hello!`")
    return values


def _warn_of_unknown_models(settings: Settings, values: dict[str, Any]) -> None:
    """A name that is not declared is kept, since the models file may be another where the API runs."""
    from components.gateway.catalogue import load_catalogue

    named = [values.get("high_accuracy_model"), *(values.get("models") or ())]
    known = load_catalogue(settings.models).models if any(named) else {}
    for name in named:
        if name and name not in known:
            where = settings.models or "HELPDESK_MODELS, which is not set"
            warn(f"model {name!r} is not declared in {where}: it will not be asked until it is")


def _print_tenant(tenant: Tenant, as_json: bool) -> None:
    import yaml

    if as_json:
        print_json(asdict(tenant))
        return
    out.print(f"{tenant.name} ({tenant.domain}), tenant_id {tenant.tenant_id}", markup=False, style="bold")
    out.print(yaml.safe_dump(tenant.config, sort_keys=False, allow_unicode=True) or "{}", markup=False)
