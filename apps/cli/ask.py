"""`helpdesk ask`: a question from the terminal, answered as a customer would get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from apps.cli.console import out, print_json
from apps.cli.context import AsJson, open_workbench
from components.helpdesk.inside_channels import COMMAND

if TYPE_CHECKING:
    from components.helpdesk.answered_question import AnsweredQuestion


def ask(
    tenant: Annotated[str, typer.Argument(help="Domain of the tenant, such as northtrail.example.")],
    question: Annotated[str, typer.Argument(help="The question, 1 to 4000 characters.")],
    top_k: Annotated[int, typer.Option(help="Passages to retrieve, 1 to 50.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Ask one tenant's knowledge and print the cited answer.

    Example: helpdesk ask northtrail.example "How long does a refund take?"
    """
    with open_workbench() as workbench:
        found = workbench.tenants.get_by_domain(tenant)
        answered = workbench.answering.answer(found.context, question, top_k=top_k, channel=COMMAND)
    if as_json:
        print_json(answered)
    else:
        print_answer(answered)


def print_answer(answered: AnsweredQuestion) -> None:
    """The answer, and under it where each sentence comes from."""
    answer = answered.answer
    out.print(answer.text, markup=False)
    if answer.citations:
        out.print()
    for citation in answer.citations:
        place = f"{citation.title} > {citation.section}" if citation.section else citation.title
        out.print(f"  [{citation.number}] {place} ({citation.document_id}, score {citation.score:.2f})", markup=False)
    out.print(
        f"\nconfidence {answer.confidence:.2f}, threshold {answer.threshold:.2f}, "
        f"{answer.seconds.get('total', 0) * 1000:.0f} ms, {answer.model}",
        style="dim",
    )
