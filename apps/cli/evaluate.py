"""`helpdesk evaluate`: figures that anyone can make again."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from apps.cli.console import out, plain_table, print_json, progress_bar
from apps.cli.context import AsJson
from apps.cli.evaluate_answers import answers
from apps.cli.evaluate_nlu import nlu

app = typer.Typer(help="Measure retrieval, answers and understanding on labelled sets.", no_args_is_help=True)
app.command("answers")(answers)
app.command("nlu")(nlu)


class Mode(StrEnum):
    """Which part of retrieval is measured."""

    hybrid = "hybrid"
    vector = "vector"
    bm25 = "bm25"


@app.command()
def retrieval(
    beir: Annotated[Path, typer.Option(help="Folder with corpus.jsonl, queries.jsonl and qrels/test.tsv.")],
    mode: Annotated[Mode, typer.Option(help="hybrid is what customers get; the others are its halves.")] = Mode.hybrid,
    top_k: Annotated[int, typer.Option(min=10, max=50, help="Passages retrieved a question.")] = 30,
    pipeline: Annotated[
        str | None, typer.Option(help="Another pipeline than the mode's: a name or a YAML file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build a throwaway index of a BEIR folder and measure retrieval on its questions.

    Questions without a relevant document are ones not to answer: they are left out of nDCG, recall and MRR.
    """
    from components.core.settings import load_settings, quiet_third_parties

    quiet_third_parties()
    from components.helpdesk.evaluation.benchmark import evaluate_beir
    from components.models.embedder_factory import embedder_from_settings

    settings = load_settings()
    with progress_bar(as_json=as_json) as bar:
        tasks = {name: bar.add_task(name, total=None) for name in ("embedding passages", "asking questions")}

        def show(stage: str, done: int, total: int) -> None:
            bar.update(tasks[stage], completed=done, total=total)

        report = evaluate_beir(
            beir,
            embedder_from_settings(settings),
            mode=mode.value,
            pipeline=pipeline or mode.value,
            top_k=top_k,
            chunk_tokens=settings.chunk_tokens,
            chunk_overlap=settings.chunk_overlap,
            on_progress=show,
        )
    figures = {key: value for key, value in asdict(report).items() if value is not None}
    if as_json:
        print_json(figures)
        return
    table = plain_table("figure", "value")
    for key, value in figures.items():
        table.add_row(key, f"{value:.4f}" if isinstance(value, float) else str(value))
    out.print(table)
