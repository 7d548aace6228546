"""How a report of the ingestion looks in Dagster's interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from components.core.documents import DocumentProblem

MOST_ROWS = 200
Metadata = dict[str, dg.MetadataValue]


def problem_metadata(problems: Sequence[DocumentProblem]) -> Metadata:
    """How many documents could not be used, and a table of them with the reasons."""
    return {"problems": dg.MetadataValue.int(len(problems)), "problem table": dg.MetadataValue.md(_table(problems))}


def log_problems(context: dg.AssetExecutionContext, problems: Sequence[DocumentProblem]) -> None:
    """A warning a document in the run's log, up to a bound."""
    for problem in problems[:MOST_ROWS]:
        context.log.warning(f"{problem.document_id}: {problem.reason}: {problem.message}")
    if len(problems) > MOST_ROWS:
        context.log.warning(f"and {len(problems) - MOST_ROWS} documents more")


def question_metadata(name: str, questions: Sequence[str]) -> Metadata:
    """A list of questions, up to a bound; none where there is none."""
    if not questions:
        return {}
    lines = [f"- {_cell(question)}" for question in questions[:MOST_ROWS]]
    return {name: dg.MetadataValue.md("\n".join(lines))}


def _table(problems: Sequence[DocumentProblem]) -> str:
    if not problems:
        return "None."
    rows = [f"| {_cell(p.document_id)} | {_cell(p.reason)} | {_cell(p.message)} |" for p in problems[:MOST_ROWS]]
    more = [f"\n… and {len(problems) - MOST_ROWS} more."] if len(problems) > MOST_ROWS else []
    return "\n".join(["| document | reason | message |", "|---|---|---|", *rows, *more])


def _cell(text: str) -> str:
    """Text that cannot break out of its cell: names of files are anybody's to choose."""
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return " ".join(escaped.split())
