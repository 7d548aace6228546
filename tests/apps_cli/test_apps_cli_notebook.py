"""`helpdesk notebook` as a shell calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from components.core.tenant import Tenant
from components.helpdesk.notebooks.notebook import notebooks


def test_the_list_says_what_each_notebook_is_for_and_takes(helpdesk: Callable) -> None:
    listed = {each["name"]: each for each in helpdesk("notebook", "list", "--json").value}
    assert set(listed) == {notebook.name for notebook in notebooks()}
    assert listed["explore_knowledge"]["purpose"].startswith("For prompt engineers")
    assert listed["explore_knowledge"]["parameters"][0]["name"] == "tenant"
    assert "-p top_k=8" in helpdesk("notebook", "list").out


def test_a_notebook_that_fails_exits_with_1_names_the_cell_and_keeps_what_it_showed(
    helpdesk: Callable, make_tenant: Callable[..., Tenant], tmp_path: Path
) -> None:
    tenant = make_tenant()
    cells = [
        {"cell_type": "code", "source": source, "metadata": {"tags": tags}, "outputs": [], "execution_count": None}
        for source, tags in (("tenant = ''  # whose", ["parameters"]), ("print('I am', tenant)", []), ("1 / 0", []))
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    mine = tmp_path / "mine.ipynb"
    mine.write_text(
        json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4})
    )
    done = helpdesk("notebook", "run", str(mine), "--tenant", tenant.domain, "--json")
    assert done.status == 1
    assert done.value["failure"] == {"cell": 4, "error": "ZeroDivisionError", "message": "division by zero"}
    page = Path(done.value["rendered"]["page"])
    assert str(tenant.tenant_id) in page.parts
    assert f"I am {tenant.domain}" in page.read_text()
    said = json.loads(done.err.splitlines()[-1])["error"]
    assert said["code"] == "notebook_failed"
    assert "cell [4] failed: ZeroDivisionError: division by zero" in said["message"]
    assert str(page) in said["message"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("explore", "--tenant", "x.example"), "no notebook is called 'explore': there are chunking_and_fusion"),
        (("explore_knowledge", "--tenant", "x.example", "-p", "topk=1"), "allowed are tenant, text, top_k"),
        (("explore_knowledge", "--tenant", "x.example", "-p", "top_k"), "KEY=VALUE is allowed"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(helpdesk: Callable, arguments: tuple[str, ...], told: str) -> None:
    refused = helpdesk("notebook", "run", *arguments)
    assert refused.status in (1, 2)
    assert told in " ".join(refused.err.split())
