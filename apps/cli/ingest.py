"""`helpdesk ingest`: a tenant's declared sources, all the way into the index that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from apps.cli.console import err, out, print_json, progress_bar
from apps.cli.context import AsJson, declarations_of, open_workbench
from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from components.helpdesk.ingestion.service import IngestReport

STAGES = {
    "documents": "reading documents",
    "chunks": "cutting into passages",
    "embeddings": "embedding passages",
    "retrieval_evaluation": "asking the evaluation questions",
    "answer_evaluation": "answering the evaluation questions",
}


def ingest(
    tenant: Annotated[str, typer.Argument(help="Domain of the tenant, such as northtrail.example.")],
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Drop the index first: needed after another embedder was chosen.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a tenant's knowledge up to date: only what changed is read and embedded again.

    The new index serves once it is complete and not worse than the one before.
    """
    with open_workbench() as workbench:
        found = workbench.tenants.get_by_domain(tenant)
        declared = declarations_of(workbench.settings, tenant)
        if not declared:
            raise InvalidInput(
                f"{tenant} has no source: declare one in dagster_project/defs/<name>/defs.yaml, "
                "or give `helpdesk tenant create` a --knowledge folder"
            )
        if rebuild:
            workbench.ingestion.drop_index(found)
        folders = [entry.evaluation for entry in declared if entry.evaluation]
        with progress_bar(as_json=as_json) as bar:
            tasks = {name: bar.add_task(text, total=None) for name, text in STAGES.items()}

            def show(stage: str, done: int, total: int) -> None:
                bar.update(tasks[stage], completed=done, total=total)

            report = workbench.ingestion.ingest(found, [entry.source for entry in declared], folders, show)
            for task in tasks.values():
                bar.update(task, total=bar.tasks[task].completed)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if report.promoted is None:
        raise typer.Exit(1)


def print_report(report: IngestReport) -> None:
    """What changed, what could not be read, and whether the new index serves."""
    collected, chunked, indexed = report.collected, report.chunked, report.indexed
    out.print(
        f"files: {collected.added} added, {collected.changed} changed, {collected.removed} removed, "
        f"{collected.unchanged} unchanged; {report.documents} documents, {len(report.parsed.problems)} not used"
    )
    out.print(f"passages: {chunked.chunks} ({indexed.embedded} embedded, {indexed.deleted} deleted)")
    for problem in report.parsed.problems:
        err.print(
            f"not used: {problem.document_id}: {problem.message} ({problem.reason})", style="yellow", markup=False
        )
    for check in report.checks:
        if not check.passed:
            err.print(f"check failed: {check.name}: {check.description}", style="yellow", markup=False)
    evaluation = report.evaluation
    out.print(evaluation.reason)
    if evaluation.coverage is not None:
        out.print(
            f"threshold {evaluation.threshold:.3f}: answers {evaluation.coverage:.0%} of the answerable questions, "
            f"and wrongly {evaluation.error:.0%} of the others"
        )
    if report.answers is not None:
        out.print(report.answers.reason, markup=False)
    verdict = (
        f"serving index version {report.promoted.index_version}"
        if report.promoted
        else "NOT promoted: the old index keeps serving"
    )
    out.print(f"{verdict} after {report.seconds:.1f} s", style="bold")
