"""A notebook with the values of one run in it, for papermill and for dagstermill alike."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from components.helpdesk.notebooks.notebook import PARAMETERS, Notebook, Value

VALUES = "injected-values"


def with_values(notebook: Notebook, values: Mapping[str, Value], *, context: bool = False) -> Any:
    """The notebook's node with a cell behind its defaults that sets what this run has; the notebook's file stays as it
    is. context: leaves the place at which dagstermill opens Dagster's context, between the two."""
    import nbformat

    # An older notebook's cells have no ids, which those added here have.
    node = nbformat.v4.upgrade(nbformat.from_dict(deepcopy(notebook.content)))  # type: ignore[no-untyped-call]
    place = next((at for at, cell in enumerate(node.cells) if PARAMETERS in _tags(cell)), -1)
    lines = ["# Values of this run", *(f"{name} = {value!r}" for name, value in values.items())]
    added = [_cell("\n".join(lines), VALUES)]
    if context:
        # dagstermill puts its own code in place of the cell with this tag; the defaults are still wanted.
        added.insert(0, _cell("", PARAMETERS))
        if place >= 0:
            node.cells[place].metadata["tags"] = []
    node.cells[place + 1 : place + 1] = added
    return node


def without_context(node: Any) -> Any:
    """The run notebook without the cells that dagstermill adds, which hold the address of Dagster's database."""
    mine = deepcopy(node)
    mine.cells = [cell for cell in mine.cells if not {"injected-parameters", "injected-teardown"} & set(_tags(cell))]
    mine.metadata.pop("papermill", None)
    return mine


def _cell(source: str, tag: str) -> Any:
    import nbformat

    cell = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
    cell.metadata["tags"] = [tag]
    return cell


def _tags(cell: Any) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", ()))
