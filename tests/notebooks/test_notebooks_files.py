"""What is kept of notebooks: clean, parameterised, and without a figure that they work out themselves."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from components.helpdesk.notebooks.copies import working_copies
from components.helpdesk.notebooks.notebook import SHIPPED, TENANT, Notebook, notebooks

DASHBOARDS = SHIPPED.parent / "dashboards"
ALL = [*notebooks(), *notebooks(DASHBOARDS)]
LONGEST_CELL = 30
# Of the standard library only what says when and where.
IMPORTED = ("components", "dashboards", "datetime", "pathlib")


@pytest.mark.parametrize("notebook", ALL, ids=lambda notebook: notebook.name)
def test_a_notebook_is_clean_of_outputs(notebook: Notebook) -> None:
    dirty = [cell["id"] for cell in _code(notebook) if cell["outputs"] or cell["execution_count"] is not None]
    assert not dirty, f"{notebook.path}: clear the outputs of {dirty}"
    assert set(notebook.content["metadata"]) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("notebook", ALL, ids=lambda notebook: notebook.name)
def test_a_notebook_holds_no_logic_of_its_own(notebook: Notebook) -> None:
    for cell in _code(notebook):
        source = "".join(cell["source"])
        assert len(source.splitlines()) <= LONGEST_CELL, f"{notebook.name} {cell['id']}: that belongs into components"
        assert not re.search(r"\b(SELECT|INSERT|UPDATE|DELETE)\b", source), f"{notebook.name}: no SQL in notebooks"
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.While | ast.AsyncFunctionDef)
            modules = [node.module] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert all((module or "").split(".")[0] in IMPORTED for module in modules), (notebook.name, modules)


@pytest.mark.parametrize("notebook", ALL, ids=lambda notebook: notebook.name)
def test_a_notebook_says_whom_it_is_for_and_ends_with_what_to_do_next(notebook: Notebook) -> None:
    assert notebook.title
    assert notebook.purpose.startswith("For ")
    assert "".join(notebook.content["cells"][-1]["source"]).startswith("## What to do next")


@pytest.mark.parametrize("notebook", notebooks(), ids=lambda notebook: notebook.name)
def test_a_notebook_takes_a_tenant_and_explains_what_else(notebook: Notebook) -> None:
    assert notebook.parameters[0].name == TENANT
    assert all(parameter.meaning for parameter in notebook.parameters)


def test_copies_to_work_in_are_made_once_and_stay_as_somebody_left_them(tmp_path: Path) -> None:
    folder = working_copies(tmp_path)
    assert {path.name for path in folder.iterdir()} == {f"{notebook.name}.ipynb" for notebook in notebooks()}
    mine = folder / "explore_knowledge.ipynb"
    mine.write_text("mine")
    (folder / "prompt_lab.ipynb").unlink()
    working_copies(tmp_path)
    assert mine.read_text() == "mine"
    assert (folder / "prompt_lab.ipynb").read_bytes() == (SHIPPED / "prompt_lab.ipynb").read_bytes()


def _code(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook.content["cells"] if cell["cell_type"] == "code"]
