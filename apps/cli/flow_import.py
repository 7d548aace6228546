"""`helpdesk flow import`: a Botpress v12 bot's flows as ours, with a list of what needs a hand."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from apps.cli.console import err, print_json
from apps.cli.context import AsJson
from apps.cli.flow_paths import known_intents, known_work
from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from components.dialogue.botpress import ImportedFlows
    from components.dialogue.flow_problem import FlowProblem

_ENDING = ".flow.json"


def import_flows(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Botpress v12 *.flow.json files, or a bot's folder of them.")
    ],
    content: Annotated[
        list[Path] | None,
        typer.Option(
            help="A content-elements file, such as builtin_text.json; once for each.",
            show_default="those in or beside the folder",
        ),
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--out", help="Folder for the YAML files.", show_default="standard output")
    ] = None,
    language: Annotated[str, typer.Option(help="Which translation of the texts.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Turn Botpress v12 flows into ours. What does not carry over, such as code, is listed by node, and stands as a
    comment in the files. Exit status 1 where a flow cannot run before somebody has been at it, such as one that goes by
    an intent that the shared NLU project lacks.

    Example: helpdesk flow import bot --out my-flows
    """
    from components.dialogue.botpress import import_botpress
    from components.dialogue.flow_checks import check_flows
    from components.dialogue.flow_library import with_shipped

    imported = import_botpress(
        {str(path): _read(path) for path in _flow_files(files)},
        {str(path): _read(path) for path in (*_content_files(files), *(content or ()))},
        language=language,
    )
    if into is not None:
        _store(imported, into)
    found = check_flows(with_shipped(imported.files), intents=known_intents(None), work=known_work())
    problems = [problem for problem in found if problem.file in imported.files and problem.severity == "error"]
    if as_json:
        leftovers = [asdict(leftover) for leftover in imported.leftovers]
        print_json({"files": imported.files, "leftovers": leftovers, "problems": [asdict(each) for each in problems]})
    else:
        _print(imported, problems, into)
    if problems:
        raise typer.Exit(1)


def _flow_files(paths: list[Path]) -> list[Path]:
    found = []
    for path in paths:
        below = sorted(path.rglob(f"*{_ENDING}")) if path.is_dir() else [path]
        if not below:
            raise InvalidInput(f"{path}: no file in it ends in {_ENDING}", field="file")
        found += below
    return found


def _content_files(paths: list[Path]) -> list[Path]:
    """Those of a bot's folder, and those beside its folder of flows."""
    pattern = "content-elements/*.json"
    return [
        file
        for path in paths
        if path.is_dir()
        for file in sorted({*path.rglob(pattern), *path.resolve().parent.glob(pattern)})
    ]


def _read(path: Path) -> str:
    from components.dialogue.botpress_files import LARGEST_FILE

    try:
        with path.open(encoding="utf-8-sig") as opened:
            return opened.read(LARGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path}: {error}", field="file") from error


def _store(imported: ImportedFlows, folder: Path) -> None:
    there = [name for name in imported.files if (folder / name).exists()]
    if there:
        raise InvalidInput(f"{folder / there[0]} is there already: an empty folder is needed", field="out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in imported.files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{folder}: {error}", field="out") from error


def _print(imported: ImportedFlows, problems: list[FlowProblem], into: Path | None) -> None:
    """The flows on standard output where they go nowhere else; about them on standard error."""
    if into is None:
        sys.stdout.write("\n---\n".join(imported.files.values()))
        sys.stdout.flush()
    for leftover in imported.leftovers:
        err.print(f"left over: {leftover}", style="yellow", markup=False, soft_wrap=True)
    for problem in problems:
        err.print(f"error: {problem}", style="red", markup=False, soft_wrap=True)
    needs = "; the errors above need a hand first" if problems else ""
    flows = f"{len(imported.files)} flow{'' if len(imported.files) == 1 else 's'}"
    err.print(f"{flows}, {len(imported.leftovers)} left over{needs}", markup=False)
    if into is not None:
        err.print(f"next: helpdesk flow validate {into}", markup=False, soft_wrap=True)
