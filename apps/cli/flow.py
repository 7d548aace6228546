"""`helpdesk flow`: what a tenant's bot says, written as YAML: checked, drawn, saved by version, put to work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from apps.cli import flow_simulate
from apps.cli.account import account_name
from apps.cli.console import out, plain_table, print_json, warn
from apps.cli.context import AsJson, open_registry
from apps.cli.flow_import import import_flows
from apps.cli.flow_paths import files_by_name, files_by_path, known_intents, known_work
from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from components.bootstrap import Registry
    from components.core.tenant import TenantContext
    from components.dialogue.flow import FlowSet
    from components.dialogue.flow_problem import FlowProblem
    from components.dialogue.flow_releases import FlowReleases

app = typer.Typer(
    help="Check, draw and try a tenant's flows, save versions of them, activate one.", no_args_is_help=True
)

Paths = Annotated[list[Path], typer.Argument(metavar="PATH...", help="Flow files, or folders of them.")]
OfTenant = Annotated[str, typer.Option("--tenant", metavar="DOMAIN", help="Domain of the tenant.")]
MaybeTenant = Annotated[str | None, typer.Option("--tenant", metavar="DOMAIN", help="Domain of the tenant.")]
Author = Annotated[str | None, typer.Option(help="Who did it, for the history.", show_default="your account's name")]


class Format(StrEnum):
    """How flows are drawn."""

    TREE = "tree"
    MERMAID = "mermaid"
    DOT = "dot"


app.command("simulate")(flow_simulate.simulate)
app.command("import")(import_flows)


@app.command()
def validate(paths: Paths, tenant: MaybeTenant = None, as_json: AsJson = False) -> None:
    """Say everything that is wrong with flows: file, line, node, and what is allowed. Exit status 2 on an error.

    They are checked together with the shipped flows that they do not replace. Intents are those of the tenant's NLU
    project, or of the shared one; workflows and tools those of the tenant, or that every tenant has.

    Example: helpdesk flow validate my-flows --tenant shop.example
    """
    from components.dialogue.flow_checks import check_flows
    from components.dialogue.flow_library import with_shipped

    files = files_by_path(paths)
    if tenant is None:
        intents, work = known_intents(None), known_work()
    else:
        with _flows_of(tenant) as (registry, _, context):
            intents = known_intents(context, registry.settings.data_dir)
            work = known_work(registry.database, context)
    found = check_flows(with_shipped(files), intents=intents, work=work)
    problems = [problem for problem in found if problem.file in files]
    _print_problems(problems, len(files), as_json)
    if any(problem.severity == "error" for problem in problems):
        raise typer.Exit(2)


@app.command()
def show(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH...]", help="Flow files, or folders of them.", show_default="those of --tenant"),
    ] = None,
    tenant: MaybeTenant = None,
    version: Annotated[
        int | None, typer.Option(min=0, help="Of the tenant; 0 is the shipped one.", show_default="the active")
    ] = None,
    drawn: Annotated[
        Format, typer.Option("--format", help="tree for the terminal, or source to draw from.")
    ] = Format.TREE,
    as_json: AsJson = False,
) -> None:
    """Draw flows: every node, its arrows, and where each of them goes. Without PATH and --tenant, the shipped ones.

    Example: helpdesk flow show --tenant shop.example --format mermaid
    """
    if paths and tenant:
        raise InvalidInput("PATH and --tenant: one of them is allowed")
    flows, only = _flows_to_show(paths, tenant, version)
    if as_json:
        print_json(asdict(flows))
    else:
        _draw(flows, only, drawn)


@app.command()
def schema() -> None:
    """Print the JSON Schema of flow files, for editors.

    Example: helpdesk flow schema > flow.schema.json
    """
    from components.dialogue.flow_schema import SCHEMA_FILE

    _write(SCHEMA_FILE.read_text("utf-8"))


@app.command()
def save(
    paths: Paths,
    tenant: OfTenant,
    note: Annotated[str, typer.Option(help="What is different about it.")],
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Save flows as a new version, not active yet, once nothing is wrong with them. The shipped flows that they do not
    replace are part of it. What is there already as a version stays that version.

    Example: helpdesk flow save my-flows --tenant shop.example --note "exchanges"
    """
    files = files_by_name(paths)
    with _flows_of(tenant) as (registry, flows, context):
        intents = known_intents(context, registry.settings.data_dir)
        work = known_work(registry.database, context)
        version = flows.save(context, files, author=author or account_name(), note=note, intents=intents, work=work)
    if as_json:
        print_json({"version": version})
        return
    out.print(f"flows version {version}", markup=False)
    out.print(f"next: helpdesk flow activate {version} --tenant {tenant}", markup=False, soft_wrap=True)


@app.command("list")
def list_versions(tenant: OfTenant, as_json: AsJson = False) -> None:
    """All versions of a tenant's flows, and which one is active. Version 0 is the shipped one."""
    with _flows_of(tenant) as (_, flows, context):
        found = flows.versions(context)
    if as_json:
        print_json([asdict(version) for version in found])
        return
    table = plain_table("version", "", "saved", "author", "note")
    for each in found:
        saved = f"{each.created_at:%Y-%m-%d %H:%M}" if each.created_at else ""
        table.add_row(str(each.version), "active" if each.active else "", saved, each.author, each.note)
    out.print(table)


@app.command()
def activate(
    version: Annotated[int, typer.Argument(min=0, help="0 is the shipped one.")],
    tenant: OfTenant,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Begin new conversations on this version; those that run go on with theirs."""
    with _flows_of(tenant) as (_, flows, context):
        flows.activate(context, version, author or account_name())
    _print_active(version, as_json)


@app.command()
def rollback(tenant: OfTenant, author: Author = None, as_json: AsJson = False) -> None:
    """Use the version again that was active before; once more goes one further back."""
    with _flows_of(tenant) as (_, flows, context):
        version = flows.rollback(context, author or account_name())
    _print_active(version, as_json)


@contextmanager
def _flows_of(domain: str) -> Iterator[tuple[Registry, FlowReleases, TenantContext]]:
    from components.dialogue.flow_releases import FlowReleases

    with open_registry() as registry:
        yield registry, FlowReleases(registry.database), registry.tenants.get_by_domain(domain).context


def _flows_to_show(
    paths: list[Path] | None, tenant: str | None, version: int | None
) -> tuple[FlowSet, set[str] | None]:
    from components.dialogue.flow_library import shipped_flow_set, with_shipped
    from components.dialogue.flow_reading import load_flows

    if tenant is not None:
        with _flows_of(tenant) as (_, flows, context):
            return flows.active(context) if version is None else flows.at(context, version), None
    if version is not None:
        raise InvalidInput("--version is a tenant's: --tenant is needed with it")
    if not paths:
        return shipped_flow_set(), None
    files = files_by_path(paths)
    found = load_flows(with_shipped(files))
    return found, {flow.flow_id for flow in found.flows.values() if flow.file in files}


def _draw(flows: FlowSet, only: set[str] | None, drawn: Format) -> None:
    from components.dialogue.flow_diagram import dot, mermaid
    from components.dialogue.flow_graph import LEGEND, draw_flows

    if drawn is Format.TREE:
        _write(draw_flows(flows, only))
        out.print(LEGEND, style="dim", markup=False, soft_wrap=True)
    else:
        _write(mermaid(flows) if drawn is Format.MERMAID else dot(flows))


def _print_problems(problems: list[FlowProblem], files: int, as_json: bool) -> None:
    errors = [problem for problem in problems if problem.severity == "error"]
    if as_json:
        print_json(
            {
                "valid": not errors,
                "errors": len(errors),
                "warnings": len(problems) - len(errors),
                "problems": [asdict(problem) for problem in problems],
            }
        )
        return
    for problem in problems:
        if problem.severity == "warning":
            warn(str(problem))
        else:
            out.print("error:", style="red", end=" ")
            out.print(str(problem), markup=False, soft_wrap=True)
    counted = f"{files} file{'' if files == 1 else 's'}, {len(errors)} error{'' if len(errors) == 1 else 's'}"
    out.print(f"{counted}, {len(problems) - len(errors)} warnings", style="red" if errors else "green", markup=False)


def _print_active(version: int, as_json: bool) -> None:
    if as_json:
        print_json({"active": version})
    else:
        out.print(f"flows version {version} is active: new conversations begin on it", markup=False)


def _write(text: str) -> None:
    """To the letter: a terminal's width cuts nothing."""
    sys.stdout.write(text)
    sys.stdout.flush()
