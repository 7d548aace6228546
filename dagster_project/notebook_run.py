"""A notebook run by dagstermill as a step of a run of Dagster's, kept with the tenant also where it fails half-way."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg

from components.helpdesk.notebooks.kept import Rendered
from components.helpdesk.notebooks.node import read_node, write_node
from components.helpdesk.notebooks.notebook import Notebook, Value
from components.helpdesk.notebooks.parameterised import with_values, without_context
from components.helpdesk.notebooks.plain_asyncio import plain_asyncio
from components.helpdesk.notebooks.rendering import write_page
from components.helpdesk.notebooks.running import failure_of


def run_by_dagstermill(
    context: dg.AssetExecutionContext, notebook: Notebook, values: Mapping[str, Value], rendered: Rendered
) -> dict[str, dg.MetadataValue]:
    """What Dagster shows of the run. The notebook has Dagster's `context` besides its own values.

    dagstermill's define_dagstermill_asset replaces a notebook's parameters by the context and keeps what failed under a
    name that nobody finds; its execute_notebook, which that function calls, is given both here. Raises dg.Failure
    naming the cell, with the outputs until then in its metadata.
    """
    from papermill.exceptions import PapermillExecutionError

    with TemporaryDirectory(prefix="helpdesk-notebook-") as folder:
        prepared = Path(folder) / f"{notebook.name}.ipynb"
        write_node(with_values(notebook, values, context=True), prepared)
        failure: Exception | None = None
        try:
            _execute(context, notebook.name, prepared)
        except (PapermillExecutionError, RuntimeError, TimeoutError) as error:
            failure = error
        done = next(Path(folder).glob("*-out.ipynb"), None)
        if done is None:  # It never began.
            raise failure or dg.Failure(f"{notebook.name} left nothing behind")
        write_node(without_context(read_node(done)), rendered.notebook)
    write_page(rendered.notebook, rendered.page)
    # The interface shows notebooks of the folder that its code server was started in, and of no other.
    shows = rendered.notebook.is_relative_to(Path.cwd())
    notebook_value = dg.MetadataValue.notebook if shows else dg.MetadataValue.path
    shown: dict[str, dg.MetadataValue] = {
        "notebook": notebook_value(str(rendered.notebook)),
        "page": dg.MetadataValue.path(str(rendered.page)),
    }
    if failure is not None:
        said = str(failure_of(failure)) if isinstance(failure, PapermillExecutionError) else str(failure)
        raise dg.Failure(f"{notebook.name}: {said}", metadata=shown, allow_retries=False) from failure
    return shown


def _execute(context: dg.AssetExecutionContext, name: str, prepared: Path) -> None:
    """Writes `…-out.ipynb` beside `prepared`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        from dagstermill.factory import execute_notebook

        with plain_asyncio():
            execute_notebook(
                context.op_execution_context.get_step_execution_context(),
                name=name,
                inputs={},
                save_notebook_on_failure=False,
                notebook_path=str(prepared),
                output_notebook_dir=str(prepared.parent),
            )
