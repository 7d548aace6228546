"""`helpdesk knowledge`: how a tenant's knowledge does, what in it contradicts itself, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from apps.cli.console import out, print_json, progress_bar
from apps.cli.context import AsJson, open_registry, open_workbench
from apps.cli.tenant import Domain

if TYPE_CHECKING:
    from components.core.tenant import Tenant
    from components.helpdesk.reports.filters import Filters
    from components.helpdesk.reports.knowledge.freshness import Delays, SourceFreshness
    from components.helpdesk.reports.knowledge.health import KnowledgeHealth

app = typer.Typer(help="How a tenant's knowledge does: fresh, free of contradictions, complete?", no_args_is_help=True)

Days = Annotated[int, typer.Option(help="So many days back, today included.")]
Look = Annotated[bool, typer.Option("--look", help="Look again now, as Dagster does every six hours.")]


@app.command()
def health(domain: Domain, days: Days = 30, as_json: AsJson = False) -> None:
    """Freshness of each source, what the checks say, and which documents answers quote."""
    with _health_of(domain) as (face, tenant):
        filters = _filters(tenant, days)
        fresh, checks, cited = (
            face.freshness(tenant, filters),
            face.checks(tenant),
            face.citations(tenant, filters),
        )
    if as_json:
        print_json({"freshness": fresh, "checks": checks, "citations": cited})
        return
    for source in fresh:
        _print_source(source)
    for spell in checks:
        result = spell.result
        state = "ok" if result.passed else f"FAILS since {spell.since:%Y-%m-%d %H:%M}"
        _line(f"check {result.name}: {state}: {result.description}")
    period = f"{filters.since} to {filters.until}"
    _line(
        f"{cited.answers} answers quote documents ({period}); "
        f"{len(cited.uncited)} of {cited.documents} are quoted by none"
    )
    if not cited.enough:
        _line("too few answers to say that a document is not needed", style="dim")
    for document in cited.cited[:10]:
        _line(f"  {document.answers:>5}  {document.document_id}", style="dim")


@app.command()
def conflicts(domain: Domain, look: Look = False, as_json: AsJson = False) -> None:
    """Sentences of different documents that cannot both hold."""
    if look:
        from components.helpdesk.reports.knowledge.conflict_search import look_for_conflicts

        with open_workbench() as workbench, progress_bar(as_json=as_json) as bar:
            tenant = workbench.tenants.get_by_domain(domain)
            task = bar.add_task("comparing passages", total=None)
            look_for_conflicts(
                workbench.database,
                tenant.context,
                workbench.ingestion.index(tenant),
                workbench.embedder,
                on_progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    with _health_of(domain) as (face, tenant):
        found, last = face.conflicts(tenant), face.conflicts_look(tenant)
    if as_json:
        print_json({"looked_at": last and last.looked_at, "conflicts": found})
        return
    for each in found:
        _line(f"{each.conflict_id}  {each.why}", style="bold")
        for side in (each.first, each.second):
            _line(f"  {side.document_id}: {side.sentence}")
    if last is None:
        _line("nobody has looked yet: --look does")
    elif not found:
        _line(f"no contradiction found, {last.looked_at:%Y-%m-%d %H:%M} UTC")


@app.command()
def dismiss(
    domain: Domain,
    conflict_id: Annotated[str, typer.Argument(metavar="ID", help="From `helpdesk knowledge conflicts`.")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "operator",
) -> None:
    """Both sentences of a conflict hold: it is shown no more while they stay as they are."""
    with _health_of(domain) as (face, tenant):
        face.dismiss_conflict(tenant, conflict_id, by)
    _line("dismissed")


@app.command()
def gaps(
    domain: Domain,
    look: Look = False,
    days: Annotated[int, typer.Option(min=1, max=365, help="With --look: questions of so many days.")] = 30,
    draft: Annotated[int | None, typer.Option(help="Print only the draft article of the gap of this rank.")] = None,
    as_json: AsJson = False,
) -> None:
    """What customers ask and the knowledge does not say, by topic, with examples and the draft of an article."""
    if look:
        _look_for_gaps(domain, days, as_json)
    with _health_of(domain) as (face, tenant):
        found = face.gaps(tenant)
    if draft is not None:
        from components.core.errors import NotFound

        texts = {gap.rank: gap.draft for gap in found.gaps}
        if draft not in texts:
            raise NotFound(f"draft={draft}: there are gaps 1 to {len(texts)}", field="draft")
        typer.echo(texts[draft])
        return
    if as_json:
        print_json(asdict(found))
        return
    for gap in found.gaps:
        _line(f"{gap.rank:>3}  {gap.questions} questions: {gap.label}", style="bold")
        for example in gap.examples:
            _line(f"       {' '.join(example.text.split())}")
        _line("     near: " + (", ".join(each.document_id for each in gap.nearest) or "nothing"), style="dim")
    if found.looked_at is None:
        _line("nobody has looked yet: --look does")
    else:
        _line(f"{found.unanswered} unanswered questions, {found.alone} of them unlike all others")


def _look_for_gaps(domain: str, days: int, as_json: bool) -> None:
    from datetime import timedelta

    from components.helpdesk.reports.knowledge.gap_search import look_for_gaps

    with open_workbench() as workbench, progress_bar(as_json=as_json) as bar:
        tenant = workbench.tenants.get_by_domain(domain)
        task = bar.add_task("reading questions", total=None)
        look_for_gaps(
            workbench.database,
            tenant.context,
            workbench.ingestion.index(tenant),
            workbench.embedder,
            writer=workbench.writer,
            since=datetime.now(UTC) - timedelta(days=days),
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


@contextmanager
def _health_of(domain: str) -> Iterator[tuple[KnowledgeHealth, Tenant]]:
    from components.helpdesk.reports.knowledge.health import KnowledgeHealth
    from components.helpdesk.reports.reports import Reports
    from components.warehouse.warehouse import Warehouse

    with open_registry() as registry:
        reports = Reports(Warehouse(registry.settings.data_dir))
        try:
            yield KnowledgeHealth(registry.database, reports), registry.tenants.get_by_domain(domain)
        finally:
            reports.close()


def _filters(tenant: Tenant, days: int) -> Filters:
    from components.helpdesk.reports.filters import last_days
    from components.helpdesk.tenant_config import read_config

    zone = ZoneInfo(read_config(tenant.config).handover.time_zone)
    return last_days(datetime.now(zone).date(), days)


def _print_source(source: SourceFreshness) -> None:
    looked = f"{source.looked_at:%Y-%m-%d %H:%M} UTC" if source.looked_at else "never"
    _line(f"source {source.source}: {source.documents} documents, last read {looked}", style="bold")
    if source.failed_at is not None:
        _line(f"  CANNOT BE READ since {source.failed_at:%Y-%m-%d %H:%M}: {source.failure}")
    _line(f"  changed until answered from: {_told(source.answerable)}")
    _line(f"  deleted until no longer told: {_told(source.unanswerable)}")
    if source.waiting:
        _line(
            f"  {source.waiting} documents wait since {source.waiting_since:%Y-%m-%d %H:%M}; "
            f"{source.unreadable} cannot be used"
        )


def _told(delays: Delays) -> str:
    if delays.median is None or delays.p90 is None or delays.most is None:
        return "no change in this time"
    seen = f", {delays.from_seen} counted from when they were seen" if delays.from_seen else ""
    return f"median {delays.median:.0f} s, p90 {delays.p90:.0f} s, most {delays.most:.0f} s of {delays.changes}{seen}"


def _line(text: str, style: str | None = None) -> None:
    out.print(text, markup=False, soft_wrap=True, style=style)
