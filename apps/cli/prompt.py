"""`helpdesk prompt`: a tenant's own prompts, by version."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from apps.cli.account import account_name
from apps.cli.console import out, plain_table, print_json, progress_bar
from apps.cli.context import AsJson, open_registry, open_workbench
from apps.cli.tenant import Domain
from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from components.bootstrap import Registry
    from components.core.tenant import Tenant, TenantContext
    from components.helpdesk.evaluation.prompt_gate import PromptCheck
    from components.helpdesk.prompts import Prompts

app = typer.Typer(help="Look at a tenant's prompts, save new versions, activate one, go back.", no_args_is_help=True)

PromptId = Annotated[str, typer.Argument(metavar="ID", help="Which prompt: answer.")]
Author = Annotated[str | None, typer.Option(help="Who did it, for the history.", show_default="your account's name")]


@app.command("list")
def list_versions(domain: Domain, as_json: AsJson = False) -> None:
    """All versions of all prompts, and which are active. Version 0 is the shipped one."""
    from components.retrieval.prompting import prompt_ids

    with _prompts_of(domain) as (prompts, tenant):
        found = [version for prompt_id in prompt_ids() for version in prompts.versions(tenant, prompt_id)]
    if as_json:
        print_json([asdict(version) for version in found])
        return
    table = plain_table("id", "version", "", "saved", "author", "note")
    for each in found:
        saved = f"{each.created_at:%Y-%m-%d %H:%M}" if each.created_at else ""
        table.add_row(each.prompt_id, str(each.version), "active" if each.active else "", saved, each.author, each.note)
    out.print(table)


@app.command()
def show(
    domain: Domain,
    prompt_id: PromptId,
    version: Annotated[int | None, typer.Option(min=0, help="0 is the shipped one.", show_default="the active")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Only the YAML file that `save` reads.")] = False,
    as_json: AsJson = False,
) -> None:
    """One version of a prompt.

    Example: helpdesk prompt show shop.example answer --raw > mine.yaml
    """
    from components.helpdesk.prompt_files import write_prompt_file

    if raw and as_json:
        raise InvalidInput("--raw and --json: one of them is allowed")
    with _prompts_of(domain) as (prompts, tenant):
        found = prompts.active(tenant, prompt_id) if version is None else prompts.get(tenant, prompt_id, version)
    if as_json:
        print_json(asdict(found))
        return
    if not raw:
        out.print(f"{found.prompt_id} version {found.version}", style="bold", markup=False)
    _write(write_prompt_file(found))


@app.command()
def save(
    domain: Domain,
    prompt_id: PromptId,
    file: Annotated[str, typer.Argument(help="YAML file with the keys system and user; - reads standard input.")],
    note: Annotated[str, typer.Option(help="What is different about it.")],
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Save a new version, not active yet. It is compiled and rendered over sample questions first.

    Example: helpdesk prompt save shop.example answer mine.yaml --note "shorter answers"
    """
    from components.helpdesk.prompt_files import read_prompt_file

    system, user = read_prompt_file(_read(file), "standard input" if file == "-" else file)
    with _prompts_of(domain) as (prompts, tenant):
        version = prompts.save(tenant, prompt_id, system, user, author=author or account_name(), note=note)
    if as_json:
        print_json({"prompt_id": prompt_id, "version": version})
        return
    out.print(f"{prompt_id} version {version}", markup=False)
    out.print(f"next: helpdesk prompt activate {domain} {prompt_id} {version}", markup=False, soft_wrap=True)


@app.command()
def activate(
    domain: Domain,
    prompt_id: PromptId,
    version: Annotated[int, typer.Argument(min=0, help="0 is the shipped one.")],
    anyway: Annotated[
        str | None, typer.Option(help="Why, though it answers worse: activated all the same, for the audit log.")
    ] = None,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Use this version from the next question on, where it does not answer the evaluation sets worse.

    What was not measured yet on the present index is measured first.
    """
    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        if _is_measurable(registry, tenant):
            checked = _activate_measured(domain, prompt_id, version, author or account_name(), anyway, as_json)
        else:
            from components.helpdesk.prompts import Prompts

            Prompts(registry.database).activate(
                tenant.context, prompt_id, version, author or account_name(), anyway=anyway
            )
            checked = None
    _print_active(prompt_id, version, as_json, checked.reason if checked else None)


def _is_measurable(registry: Registry, tenant: Tenant) -> bool:
    """Without a set, or without knowledge to ask, no model needs to be loaded."""
    from components.helpdesk.evaluation.sets import EvaluationSets

    questions = EvaluationSets(registry.database).in_use(tenant.context)
    return questions is not None and bool(questions.queries) and registry.serves(tenant)


def _activate_measured(
    domain: str, prompt_id: str, version: int, author: str, anyway: str | None, as_json: bool
) -> PromptCheck:
    with open_workbench() as workbench, progress_bar(as_json=as_json) as bar:
        task = bar.add_task("answering the evaluation questions", total=None)
        return workbench.prompt_gate.activate(
            workbench.tenants.get_by_domain(domain).context,
            prompt_id,
            version,
            author,
            anyway=anyway,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


@app.command()
def rollback(domain: Domain, prompt_id: PromptId, author: Author = None, as_json: AsJson = False) -> None:
    """Use the version again that was active before; once more goes one further back."""
    with _prompts_of(domain) as (prompts, tenant):
        version = prompts.rollback(tenant, prompt_id, author or account_name())
    _print_active(prompt_id, version, as_json)


@app.command()
def diff(
    domain: Domain,
    prompt_id: PromptId,
    a: Annotated[int | None, typer.Argument(min=0, metavar="A", show_default="the active")] = None,
    b: Annotated[int | None, typer.Argument(min=0, metavar="B", show_default="the newest")] = None,
    as_json: AsJson = False,
) -> None:
    """What changed from version A to version B; from the active to the newest without them."""
    with _prompts_of(domain) as (prompts, tenant):
        old = prompts.active(tenant, prompt_id).version if a is None else a
        new = prompts.versions(tenant, prompt_id)[0].version if b is None else b
        changed = prompts.diff(tenant, prompt_id, old, new)
    if as_json:
        print_json({"prompt_id": prompt_id, "a": old, "b": new, "diff": changed})
    else:
        _write(changed or f"versions {old} and {new} say the same\n")


@contextmanager
def _prompts_of(domain: str) -> Iterator[tuple[Prompts, TenantContext]]:
    from components.helpdesk.prompts import Prompts

    with open_registry() as registry:
        yield Prompts(registry.database), registry.tenants.get_by_domain(domain).context


def _print_active(prompt_id: str, version: int, as_json: bool, measured: str | None = None) -> None:
    if as_json:
        print_json({"prompt_id": prompt_id, "active": version, **({"evaluation": measured} if measured else {})})
        return
    if measured:
        out.print(measured, markup=False)
    out.print(f"{prompt_id} version {version} is active", markup=False)


def _read(file: str) -> str:
    from components.helpdesk.prompt_files import LONGEST_FILE

    is_stdin = file == "-"
    try:
        with open(0 if is_stdin else file, encoding="utf-8-sig", closefd=not is_stdin) as opened:
            # One more than is allowed is enough to be refused, whatever else follows.
            return opened.read(LONGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file}: {error}", field="file") from error


def _write(text: str) -> None:
    """To the letter: a terminal's width cuts nothing."""
    sys.stdout.write(text)
    sys.stdout.flush()
