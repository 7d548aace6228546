"""How commands speak: rich text for people, one JSON value for machines, one clear line for an error."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, is_dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON value on standard output, nothing else."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def print_error(message: str, code: str, *, as_json: bool) -> None:
    """One line on standard error, or a JSON object there."""
    if as_json:
        sys.stderr.write(json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False) + "\n")
    else:
        err.print("error:", style="bold red", end=" ")
        err.print(_one_line(message), markup=False, soft_wrap=True)


def plain_table(*headers: str) -> Table:
    """Columns without lines, from which nothing is cut off however narrow the terminal is."""
    table = Table(box=None)
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def warn(message: str) -> None:
    """One line about something that did not stop the command."""
    err.print(f"warning: {_one_line(message)}", style="yellow", markup=False, soft_wrap=True)


def progress_bar(*, as_json: bool = False, stays: bool = False) -> Progress:
    """A bar on standard error, so that standard output stays clean for machines; none for them. It goes when it
    is done with, unless it `stays`, and a file gets it only then."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=not stays,
        disable=as_json or not (stays or err.is_terminal),
    )


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, UUID | Path):
        return str(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
