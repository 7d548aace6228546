"""`helpdesk answer`: what stored answers were made of, and what the same question gets today."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from apps.cli.console import out, print_json
from apps.cli.context import AsJson, open_registry, open_workbench
from apps.cli.tenant import Domain

if TYPE_CHECKING:
    from components.core.tenant import TenantContext
    from components.helpdesk.answer_lineage import AnswerLineage
    from components.helpdesk.answer_log import AnswerLog
    from components.helpdesk.answer_replay import AnswerDifference

app = typer.Typer(help="Explain stored answers, and ask their questions again.", no_args_is_help=True)

AnswerId = Annotated[UUID, typer.Argument(metavar="ID", help="From `helpdesk answer list` or X-Answer-Id.")]
_SHORT, _QUESTION = 12, 160


@app.command("list")
def list_answers(
    domain: Domain,
    reason: Annotated[
        str | None, typer.Option(help="Only those refused or made poorer for this reason: not_retrieved, budget, …")
    ] = None,
    limit: Annotated[int, typer.Option(help="The newest so many, 1 to 500.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The newest answers, with why they are what they are."""
    with _answers_of(domain) as (log, tenant):
        found = log.list(tenant, reason=reason, limit=limit)
    if as_json:
        print_json(found)
        return
    for each in found:
        facts = (f"{each.created_at:%Y-%m-%d %H:%M}", each.channel, each.model, each.reason or "answered")
        _line(f"{each.answer_id}  {', '.join(facts)}", style="dim")
        _line("  " + " ".join(each.question.split())[:_QUESTION])
    if not found:
        _line("no such answer")


@app.command()
def show(domain: Domain, answer_id: AnswerId, as_json: AsJson = False) -> None:
    """One answer with its lineage: passages with scores by stage, prompt, model, tokens, cost, time, and reason."""
    with _answers_of(domain) as (log, tenant):
        found = log.get(tenant, answer_id)
    if as_json:
        print_json(found)
    else:
        _print_lineage(found)


@app.command()
def replay(domain: Domain, answer_id: AnswerId, as_json: AsJson = False) -> None:
    """Ask the question again of today's index, prompt and models, and show what is different.

    The new answer is stored under the channel `replay`, and nothing of it is kept for customers.
    """
    with open_workbench() as workbench:
        from components.helpdesk.answer_replay import replay as ask_again

        tenant = workbench.tenants.get_by_domain(domain).context
        found = ask_again(workbench.answering, workbench.answers, tenant, answer_id)
    if as_json:
        print_json(found)
        return
    _line(found.after.question, style="bold")
    _line(f"{found.before.answer_id}, {found.before.created_at:%Y-%m-%d %H:%M}, and {found.after.answer_id}, now")
    _print_difference(found.difference)


@contextmanager
def _answers_of(domain: str) -> Iterator[tuple[AnswerLog, TenantContext]]:
    from components.helpdesk.answer_log import AnswerLog

    with open_registry() as registry:
        yield AnswerLog(registry.database), registry.tenants.get_by_domain(domain).context


def _print_lineage(found: AnswerLineage) -> None:
    _line(found.question, style="bold")
    _line(found.text)
    for citation in found.citations:
        _line(f"  [{citation.number}] {citation.document_id} {citation.section}: {citation.quote!r}", style="dim")
    version = f" version {found.prompt_version}" if found.prompt_id else ""
    tokens = f"{found.input_tokens} read, {found.output_tokens} written"
    facts = {
        "reason": found.reason or "none: answered as asked",
        "confidence": f"{found.confidence:.3f} (threshold {found.threshold:.3f})",
        "model": f"{found.model} ({found.provider or 'not asked'})",
        "attempts": "; ".join(f"{each.model} {each.error or 'ok'} {each.seconds:.2f} s" for each in found.attempts),
        "retries": str(found.retries),
        "tokens": tokens + (" (estimated)" if found.tokens_estimated else ""),
        "cost": f"{found.cost:f} {found.currency or ''}",
        "cached": f"as {found.cached_from}" if found.cached_from else "yes" if found.cache_hit else "no",
        "prompt": f"{found.prompt_id or 'unknown'}{version}",
        "pipeline": f"{found.pipeline} {found.pipeline_version or ''}",
        "index": f"version {found.index_version}",
        "time": ", ".join(f"{stage} {seconds * 1000:.0f} ms" for stage, seconds in found.seconds.items()),
        "given": f"{found.created_at:%Y-%m-%d %H:%M:%S} UTC, {found.channel}, trace {found.trace_id or 'unknown'}",
    }
    out.print()
    for name, fact in facts.items():
        if fact:
            _line(f"{name:<11}{fact.strip()}")
    for sentence in found.sentences:
        sign = "supported" if sentence.supported else "unsupported"
        shown = "" if sentence.start < sentence.end else " (not shown)"
        _line(f"{sign:<11} {sentence.support:.2f}{shown} {sentence.text!r}")
    out.print()
    _line(f"{len(found.passages)} passages, best first, with their scores by stage:")
    for place, passage in enumerate(found.passages, start=1):
        used = ", used" if passage.used else ""
        _line(f"{place:>3} {passage.document_id}, chunk {passage.chunk_id[:_SHORT]}{used}")
        _line("    " + ", ".join(f"{stage} {score:.3f}" for stage, score in passage.scores.items()), style="dim")


def _print_difference(difference: AnswerDifference) -> None:
    for change in difference.changes:
        _line(f"{change.name:<17}{change.before} -> {change.after}")
    for sign, chunk_ids in (("+", difference.entered), ("-", difference.left)):
        for chunk_id in chunk_ids:
            _line(f"passage {sign} {chunk_id}")
    for move in difference.moved:
        _line(f"passage {move.chunk_id[:_SHORT]} from place {move.before} to {move.after}")
    for line in difference.text:
        _line(line)
    if not (difference.changes or difference.entered or difference.left or difference.moved or difference.text):
        _line("the same answer, from the same passages in the same order")


def _line(text: str, style: str | None = None) -> None:
    out.print(text, markup=False, soft_wrap=True, style=style)
