"""Every notebook, run on a real shop: what it shows is true, and a failure keeps what was shown before it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components.core.errors import InvalidInput, NotFound
from components.core.tenant import Tenant
from components.helpdesk.notebooks.kept import KEPT, Rendered, new_rendering
from components.helpdesk.notebooks.node import read_node
from components.helpdesk.notebooks.notebook import Notebook, get_notebook, notebooks
from components.helpdesk.notebooks.running import run_notebook
from tests.notebooks.conftest import collect_leftovers

if TYPE_CHECKING:
    from components.bootstrap import Workbench

# What the outputs hold, in the order of the notebook; {…} is not heeded.
SHOWN = {
    "chunking_and_fusion": ["3 documents; 4 answerable questions", "128 tokens, hybrid", "tokens read"],
    "evaluation_set_from_conversations": ["0 candidates of the last 30 days", "No conversation", "Nothing was kept"],
    "explore_knowledge": ["3 documents, 3 passages, 1 problems", "help/shipping.md", "help/broken.pdf"],
    "knowledge_gaps": ["2 unanswered questions", "0 of them unlike", "aquarium", "### 1. "],
    "nlu_confusion": ["40 examples of 5 intents", "accuracy", "in scope: kept and right"],
    "prompt_lab": ["5 questions of tents/evaluation", "over 5 questions", "mean difference", "input_tokens"],
    "why_this_answer": ["Do you sell aquarium fish?", "no, refused", "vector", "too little to answer", "Today:"],
}
PARAMETERS: dict[str, dict[str, str]] = {
    "chunking_and_fusion": {"lengths": "64,128", "pipelines": "hybrid,bm25"},
    "explore_knowledge": {"text": "parcel to Norway"},
    "nlu_confusion": {"folds": "2"},
}


pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module", autouse=True)
def _nothing_left_over() -> Iterator[None]:
    yield
    collect_leftovers()


def test_every_notebook_is_run_here() -> None:
    assert {notebook.name for notebook in notebooks()} == set(SHOWN)


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_a_notebook_shows_what_it_is_for(name: str, shop: Tenant, kernel: Any, tmp_path: Path) -> None:
    notebook, begun = get_notebook(name), []
    values = notebook.read_parameters({"tenant": shop.domain, **PARAMETERS.get(name, {})})
    done = run_notebook(notebook, values, _place(tmp_path), lambda *at: begun.append(at), kernel=kernel)
    assert done.failure is None, done.failure
    cells = len(notebook.content["cells"])
    assert begun[-1] == (cells, cells)
    outputs, page = _outputs(done.rendered.notebook), done.rendered.page.read_text()
    missing = [wanted for wanted in SHOWN[name] if wanted not in outputs]
    assert not missing, (missing, outputs[:4000])
    assert "data:image/png;base64" in page or name.startswith("evaluation_set")
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_a_notebook_that_fails_half_way_keeps_what_it_showed(kernel: Any, tmp_path: Path) -> None:
    broken = _notebook(tmp_path / "broken.ipynb", "print('before the fault')", "{}['nothing']", "print('never')")
    done = run_notebook(broken, {"tenant": "tents.example"}, _place(tmp_path), kernel=kernel)
    assert done.failure is not None
    assert (done.failure.error, done.failure.message) == ("KeyError", "'nothing'")
    assert str(done.failure).startswith(f"cell [{done.failure.cell}] failed: ")
    outputs = _outputs(done.rendered.notebook)
    assert "before the fault" in outputs
    assert "never" not in outputs
    assert "before the fault" in done.rendered.page.read_text()


def test_a_kernel_that_dies_is_a_failure_with_what_was_shown(settings: object, tmp_path: Path) -> None:
    dying = _notebook(tmp_path / "dying.ipynb", "print('before the end')", "import os; os._exit(1)")
    done = run_notebook(dying, {}, _place(tmp_path))
    assert not hasattr(asyncio, "_nest_patched"), "asyncio is what it was, for whatever this process does next"
    assert done.failure is not None
    assert (done.failure.cell, done.failure.error) == (4, "DeadKernelError")
    assert "before the end" in _outputs(done.rendered.notebook)


def test_a_page_for_knowledge_managers_shows_nothing_without_a_sign_in(
    kernel: Any, shop: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel asks itself who it is for, whatever started it."""
    page = get_notebook("source_health", Path(__file__).parents[2] / "dashboards")
    done = run_notebook(page, {}, _place(tmp_path), kernel=kernel)
    assert done.failure is not None
    assert done.failure.error == "InvalidCredentials"
    assert shop.name not in done.rendered.page.read_text()


def test_renderings_are_kept_with_the_tenant_and_bounded(workbench: Workbench, shop: Tenant) -> None:
    data_dir = workbench.settings.data_dir
    for _ in range(KEPT + 3):
        place = new_rendering(data_dir, shop.context, "kept")
        place.notebook.write_text("{}")
        place.page.write_text("")
    folder = data_dir / "tenants" / str(shop.tenant_id) / "notebooks" / "kept"
    assert len(list(folder.glob("*.ipynb"))) == len(list(folder.glob("*.html"))) == KEPT
    assert place.notebook.exists()


def test_parameters_are_of_their_defaults_kind_or_refused() -> None:
    notebook = get_notebook("explore_knowledge")
    assert notebook.read_parameters({"top_k": "3", "text": "7"}) == {"top_k": 3, "text": "7"}
    with pytest.raises(InvalidInput, match="top_k='many': a whole number is allowed"):
        notebook.read_parameters({"top_k": "many"})
    with pytest.raises(InvalidInput, match="no parameter 'topk': allowed are tenant, text, top_k"):
        notebook.read_parameters({"topk": "3"})
    with pytest.raises(NotFound, match="explore_knowledge"):
        get_notebook("explore")


def _place(folder: Path) -> Rendered:
    return Rendered(folder / "run.ipynb", folder / "run.html")


def _notebook(path: Path, *sources: str) -> Notebook:
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
             for source in ("tenant = ''", *sources)]  # fmt: skip
    cells[0]["metadata"] = {"tags": ["parameters"]}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_text(
        json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4})
    )
    return Notebook(path.stem, path)


def _outputs(path: Path) -> str:
    outputs = [output for cell in read_node(path).cells for output in cell.get("outputs", ())]
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)
