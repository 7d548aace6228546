"""`helpdesk workflow`: workflows from a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.apps_cli.conftest import Helpdesk

EXPORTS = Path(__file__).parents[1] / "agents" / "workflows"


@pytest.fixture(scope="module")
def domain(helpdesk: Helpdesk) -> str:
    domain = f"flows-{uuid4().hex[:8]}.example"
    assert helpdesk("tenant", "create", "Flows", domain).status == 0
    return domain


def test_a_workflow_is_imported_run_and_drawn(helpdesk: Helpdesk, domain: str, tmp_path: Path) -> None:
    taken = helpdesk("workflow", "import", domain, str(EXPORTS / "loop.json"), "--name", "count")
    assert (taken.status, taken.out) == (0, "workflow count, version 1\n"), taken.err
    assert "count" in helpdesk("workflow", "list", domain).out
    begun = ("workflow", "run", domain, "count", "--input", '{"most": 2}', "--key", "k")
    run = helpdesk(*begun)
    assert run.status == 0, run.err
    for part in ("done    Count\n", "done    Count#2\n", "count: done", '"n": 2'):
        assert part in run.out
    again = helpdesk(*begun, "--json").value
    assert again["result"]["json"] == {"n": 2, "most": 2}
    picture = tmp_path / "count.svg"
    shown = helpdesk("workflow", "show", domain, "--run", again["run_id"], "--svg", str(picture))
    assert "● Count  [n8n-nodes-base.set]  done (2 passes)" in shown.out
    assert "Workflow count, done" in picture.read_text()
    assert "false: Count ↑" in helpdesk("workflow", "show", domain, "count").out
    assert helpdesk("workflow", "remove", domain, "count").status == 0
    assert "Create Ticket" in helpdesk("workflow", "show", domain, "refund").out


def test_all_that_is_wrong_is_said(helpdesk: Helpdesk, domain: str, tmp_path: Path) -> None:
    refused = helpdesk("workflow", "validate", str(EXPORTS / "unsupported.json"))
    assert refused.status == 2
    assert "node 'Code': the type n8n-nodes-base.code is not allowed" in refused.out
    for_tenant = helpdesk("workflow", "validate", str(EXPORTS / "unsupported.json"), "--tenant", domain, "--json")
    assert {each["node"] for each in for_tenant.value["problems"]} == {"Code", "Gmail", "Ask", "Set", "Tool"}
    assert helpdesk("workflow", "validate", str(EXPORTS / "triage.json")).out == "it can run\n"
    (tmp_path / "none.json").write_text("{")
    for wrong in (
        ("import", domain, str(tmp_path / "none.json")),
        ("import", domain, str(tmp_path / "absent.json")),
        ("import", domain, str(EXPORTS / "unsupported.json")),
        ("run", domain, "refund", "--input", "[1]"),
        ("show", domain),
    ):
        failed = helpdesk("workflow", *wrong, "--json")
        assert failed.status == 2, wrong
        assert json.loads(failed.err)["error"]["message"]
    assert helpdesk("workflow", "run", domain, "nothing").status == 1
