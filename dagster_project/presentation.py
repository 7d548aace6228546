"""How a report of the ingestion looks in Dagster's interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from components.core.documents import DocumentProblem
    from components.helpdesk.evaluation.gate import Judgement
    from components.helpdesk.evaluation.index_answers import IndexAnswersReport
    from components.helpdesk.evaluation.metrics import RetrievalMetrics

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


def metric_metadata(metrics: RetrievalMetrics | None, prefix: str = "") -> Metadata:
    """The figures of a retrieval evaluation; none where nothing was measured."""
    if metrics is None:
        return {}
    figures: Mapping[str, float | None] = {
        "nDCG@10": metrics.ndcg_at_10,
        "recall@1": metrics.recall_at_1,
        "recall@5": metrics.recall_at_5,
        "recall@10": metrics.recall_at_10,
        "MRR@10": metrics.mrr_at_10,
        "answerability AUROC": metrics.answerability_auroc,
        "coverage at 90 % precision": metrics.coverage_at_90_precision,
    }
    shown = {
        prefix + name: dg.MetadataValue.float(round(value, 4)) for name, value in figures.items() if value is not None
    }
    return {prefix + "questions": dg.MetadataValue.int(metrics.queries), **shown}


def difference_metadata(judgement: Judgement | None, prefix: str = "") -> Metadata:
    """How far the candidate is from what serves; none where nothing was compared."""
    if judgement is None or judgement.difference is None:
        return {}
    figures = {
        "difference": judgement.difference.value,
        "difference, low": judgement.difference.low,
        "difference, high": judgement.difference.high,
    }
    return {
        prefix + "verdict": dg.MetadataValue.text(judgement.verdict.replace("_", " ")),
        prefix + "pairs": dg.MetadataValue.int(judgement.pairs),
        **{prefix + name: dg.MetadataValue.float(round(value, 4)) for name, value in figures.items()},
    }


def judge_metadata(report: IndexAnswersReport) -> Metadata:
    """What a language model thinks of the answers, and how that differs from what serves; none without a judge."""
    if report.judge is None:
        return {}
    shown: Metadata = {"judge": dg.MetadataValue.text(report.judge)}
    for figure, interval in report.scores.items():
        name = figure.replace("_", " ")
        for part, value in (("", interval.value), (", low", interval.low), (", high", interval.high)):
            shown[name + part] = dg.MetadataValue.float(round(value, 4))
        shown |= difference_metadata(report.opinions.get(figure), f"{name} ")
    return shown


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
