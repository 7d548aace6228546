"""Runs a notebook from top to bottom and keeps what it showed, also where it fails half-way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from components.helpdesk.notebooks.kept import Rendered
from components.helpdesk.notebooks.node import read_node
from components.helpdesk.notebooks.notebook import Notebook, Value
from components.helpdesk.notebooks.parameterised import with_values
from components.helpdesk.notebooks.plain_asyncio import plain_asyncio
from components.helpdesk.notebooks.rendering import write_page

CELL_SECONDS = 1800
START_SECONDS = 120
OnCell = Callable[[int, int], None]


@dataclass(frozen=True)
class CellFailure:
    """Which cell stopped a notebook, by the number that stands beside it, and what its error says."""

    cell: int
    error: str
    message: str

    def __str__(self) -> str:
        return f"cell [{self.cell}] failed: {self.error}: {self.message}"


@dataclass(frozen=True)
class NotebookRun:
    """rendered: what was shown until the end, or until the failure."""

    name: str
    rendered: Rendered
    seconds: float
    failure: CellFailure | None


def run_notebook(
    notebook: Notebook,
    values: Mapping[str, Value],
    rendered: Rendered,
    on_cell: OnCell | None = None,
    *,
    kernel: Any = None,
) -> NotebookRun:
    """Runs it with papermill in a kernel of its own, which has this process's environment and working folder.

    on_cell: told each cell that begins, counted from 1, and how many there are. kernel: the manager of one that runs
    already, to be used instead; what a notebook before this one has opened there is open still. A cell that fails is no
    exception: it is in the result. Raises InvalidInput for a file that is no notebook.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    cells = len(notebook.content["cells"])

    def begun(cell: Any, cell_index: int) -> None:
        if on_cell is not None:
            on_cell(min(cell_index + 1, cells), cells)

    logging.getLogger("papermill").setLevel(logging.ERROR)
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    started, failure = perf_counter(), None
    try:
        with plain_asyncio():
            papermill.execute_notebook(
                with_values(notebook, values),
                rendered.notebook,
                kernel_name="python3",
                progress_bar=False,
                start_timeout=START_SECONDS,
                execution_timeout=CELL_SECONDS,
                on_cell_start=begun,
                km=kernel,
            )
    except PapermillExecutionError as error:
        failure = failure_of(error)
    except (RuntimeError, TimeoutError) as error:  # The kernel died, or a cell took too long.
        if not rendered.notebook.exists():
            raise
        failure = CellFailure(_last_cell(rendered.notebook), type(error).__name__, _first_line(error))
    if rendered.notebook.exists():
        write_page(rendered.notebook, rendered.page)
    return NotebookRun(notebook.name, rendered, perf_counter() - started, failure)


def failure_of(error: Any) -> CellFailure:
    """What papermill's PapermillExecutionError says, in one line."""
    return CellFailure(error.exec_count, error.ename, _first_line(error.evalue))


def _first_line(error: object) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), "no message")


def _last_cell(path: Path) -> int:
    """The number of the cell that was begun last."""
    states = [
        cell.metadata.get("papermill", {}).get("status") for cell in read_node(path).cells if cell.cell_type == "code"
    ]
    return sum(state not in (None, "pending") for state in states)
