"""`helpdesk evaluation-set`: a tenant's questions with known answers, by version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from apps.cli.account import account_name
from apps.cli.console import out, print_json, warn
from apps.cli.context import AsJson, open_registry
from apps.cli.tenant import Domain
from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from components.core.tenant import TenantContext
    from components.database.session import Database
    from components.helpdesk.evaluation.sets import EvaluationSets

app = typer.Typer(
    help="Questions with known answers: import, list, show, export, activate; draft them from what customers asked.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="As `helpdesk evaluation-set list` shows it.")]
Version = Annotated[str | None, typer.Option(help="Another than the one in use.")]
Author = Annotated[str | None, typer.Option(help="Who did it, for the history.", show_default="your account's name")]


class Origin(StrEnum):
    """Where drafted questions come from."""

    conversations = "conversations"
    ratings = "ratings"


@app.command("import")
def import_folder(
    domain: Domain,
    folder: Annotated[Path, typer.Argument(help="With queries.jsonl and qrels/test.tsv, in BEIR's layout.")],
    name: Annotated[str | None, typer.Option(help="Instead of the folder's.")] = None,
    note: Annotated[str, typer.Option(help="What is different about this version.")] = "",
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Store a folder as a version of a set, and put it in use."""
    from dataclasses import replace

    from components.helpdesk.evaluation.beir import load_evaluation_set

    loaded = load_evaluation_set(folder)
    loaded = replace(loaded, name=name or loaded.name)
    with _sets_of(domain) as (sets, tenant, _):
        sets.store(tenant, loaded, author=author or account_name(), note=note)
        judged = sets.judged(tenant, loaded.name)
    if judged.told_missing:
        warn(judged.told_missing)
    if as_json:
        print_json({"name": loaded.name, "version": loaded.version, "missing": judged.missing})
        return
    out.print(f"{loaded.name} version {loaded.version}: {len(loaded.queries)} questions", markup=False)


@app.command("list")
def list_versions(domain: Domain, as_json: AsJson = False) -> None:
    """All versions of all sets, and which are in use."""
    with _sets_of(domain) as (sets, tenant, _):
        found = sets.versions(tenant)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    if not found:
        out.print(f"no set yet: helpdesk evaluation-set import {domain} FOLDER")
    for each in found:
        out.print(f"{each.name}  {each.version}" + ("  in use" if each.active else ""), markup=False, soft_wrap=True)
        by = f"{each.author}, reviewed" if each.reviewed_by else each.author
        told = f"{each.queries} questions, {each.unanswerable} to refuse; {each.kind}, {each.created_at:%Y-%m-%d %H:%M}"
        note = f": {each.note}" if each.note else ""
        out.print(f"    {told} by {by}{note}", style="dim", markup=False, soft_wrap=True)


@app.command()
def show(domain: Domain, name: Name, version: Version = None, as_json: AsJson = False) -> None:
    """The questions of a set, what answers each, and where it is from."""
    with _sets_of(domain) as (sets, tenant, _):
        found = sets.get(tenant, name, version)
    if as_json:
        print_json(asdict(found))
        return
    out.print(f"{found.name} version {found.version}", style="bold", markup=False)
    for query, text in found.queries.items():
        documents = ", ".join(found.qrels.get(query, {})) or "nothing answers it"
        origin = ", ".join(f"{key} {value}" for key, value in found.provenance.get(query, {}).items())
        out.print(f"{query}  {text}", markup=False, soft_wrap=True)
        out.print(f"    {documents}" + (f"  ({origin})" if origin else ""), style="dim", markup=False, soft_wrap=True)


@app.command()
def export(domain: Domain, name: Name, folder: Path, version: Version = None) -> None:
    """Write a set in BEIR's layout, as `import` reads it."""
    from components.helpdesk.evaluation.beir import write_evaluation_set

    with _sets_of(domain) as (sets, tenant, _):
        found = sets.get(tenant, name, version)
    write_evaluation_set(folder, found)
    out.print(f"{len(found.queries)} questions in {folder}", markup=False, soft_wrap=True)


@app.command()
def activate(domain: Domain, name: Name, version: str, author: Author = None) -> None:
    """Put a version in use again. A set that a source declares follows its folder at the source's next run."""
    with _sets_of(domain) as (sets, tenant, _):
        sets.activate(tenant, name, version, author or account_name())
    out.print(f"{name} version {version} is in use", markup=False)


@app.command()
def draft(
    domain: Domain,
    origin: Annotated[Origin, typer.Argument(help="Resolved conversations, or answers that were rated.")],
    file: Annotated[Path, typer.Argument(help="The YAML file to write, for a person to review.")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back.")] = 30,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The newest so many.")] = 100,
) -> None:
    """Draft questions from what customers asked, personal data removed. Review the file, then `accept` it."""
    from components.helpdesk.evaluation.draft_files import write_draft_file
    from components.helpdesk.evaluation.drafting import EvaluationDrafts

    until = datetime.now(UTC)
    since = until - timedelta(days=days)
    with _sets_of(domain) as (sets, tenant, database):
        drafts = EvaluationDrafts(database, sets)
        make = drafts.draft_from_ratings if origin is Origin.ratings else drafts.draft_from_conversations
        made = make(tenant, since, until, limit)
    try:
        file.write_text(write_draft_file(made), encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{file}: {error}", field="file") from error
    out.print(f"{len(made.questions)} questions to review in {file}", markup=False, soft_wrap=True)
    out.print(f"next: helpdesk evaluation-set accept {domain} {file} --name asked", markup=False, soft_wrap=True)


@app.command()
def accept(
    domain: Domain,
    file: Annotated[Path, typer.Argument(help="The reviewed file.")],
    name: Annotated[str, typer.Option(help="Of the set that gets them, beside those it has.")],
    note: Annotated[str, typer.Option(help="What is different about this version.")] = "",
    reviewer: Annotated[
        str | None, typer.Option(help="Who looked at each question.", show_default="your account's name")
    ] = None,
) -> None:
    """Store what a reviewed draft keeps as a new version of a set."""
    from components.helpdesk.evaluation.draft_files import read_draft_file
    from components.helpdesk.evaluation.drafting import EvaluationDrafts

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file}: {error}", field="file") from error
    drafted, decisions = read_draft_file(text, str(file))
    with _sets_of(domain) as (sets, tenant, database):
        drafts = EvaluationDrafts(database, sets)
        stored = drafts.accept(tenant, drafted, decisions, reviewer or account_name(), name=name, note=note)
    out.print(f"{stored.name} version {stored.version}: {len(stored.queries)} questions", markup=False)


@contextmanager
def _sets_of(domain: str) -> Iterator[tuple[EvaluationSets, TenantContext, Database]]:
    from components.helpdesk.evaluation.sets import EvaluationSets

    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain).context
        yield EvaluationSets(registry.database), tenant, registry.database
