"""`helpdesk run` and `helpdesk plan`, as an operator uses them from a shell."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.apps_cli.conftest import Helpdesk

GREET = """\
goal: Greet
needs:
  subject: {type: string}
may_use:
  priority: {type: string}
steps:
  - id: ticket
    tool: create_ticket
    arguments: {subject: "{{ subject }}", priority: "{{ priority }}"}
result:
  number: "{{ results.ticket.ticket_number }}"
"""


@pytest.fixture(scope="module")
def domain(helpdesk: Helpdesk) -> str:
    domain = f"runs-{uuid4().hex[:8]}.example"
    assert helpdesk("tenant", "create", "Runs", domain).status == 0
    return domain


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    file = tmp_path / "greet.yaml"
    file.write_text(GREET)
    return file


def test_a_plan_is_checked_kept_followed_and_removed(helpdesk: Helpdesk, domain: str, plan: Path) -> None:
    assert helpdesk("plan", "validate", str(plan), "--tenant", domain).out.strip() == "the plan can be followed"
    kept = helpdesk("plan", "import", str(plan), "--tenant", domain, "--json")
    assert (kept.status, kept.value["version"], kept.value["tools"]) == (0, 1, ["create_ticket"]), kept.err
    listed = helpdesk("plan", "list", "--tenant", domain, "--json").value
    assert [each["name"] for each in listed] == ["greet", "process_refund"]
    assert helpdesk("plan", "show", "greet", "--tenant", domain).out == GREET
    begun = ("run", "start", domain, "Greet", "subject=Hello", 'priority:="high"', "--key", "k", "--json")
    first, again = (helpdesk(*begun) for _ in range(2))
    assert (first.status, first.value["status"], first.value["result"]["number"]) == (0, "done", 1), first.err
    assert again.value["run_id"] == first.value["run_id"]
    shown = helpdesk("run", "show", domain, first.value["run_id"]).out
    for part in ("goal Greet: done", "2 ticket, done", '"number": 1'):
        assert part in shown
    assert "Greet" in helpdesk("run", "list", domain, "--kind", "goal", "--status", "done").out
    assert helpdesk("run", "cancel", domain, first.value["run_id"]).status == 1
    assert helpdesk("plan", "remove", "greet", "--tenant", domain).status == 0
    assert helpdesk("run", "start", domain, "Greet", "subject=Hello").status == 2


def test_what_is_wrong_with_a_plan_is_said_line_by_line(helpdesk: Helpdesk, domain: str, plan: Path) -> None:
    plan.write_text(GREET.replace("{{ subject }}", "{{ subjct }}").replace("result:", "outcome:"))
    wrong = helpdesk("plan", "validate", str(plan))
    assert wrong.status == 2
    assert "line 10: 'outcome' is no key of a plan" in wrong.err
    plan.write_text(GREET.replace("create_ticket", "create_tickets"))
    told = helpdesk("plan", "validate", str(plan), "--tenant", domain, "--json")
    assert "did you mean create_ticket?" in told.value["problems"][0]["message"]
    refused = helpdesk("plan", "import", str(plan), "--tenant", domain, "--json")
    assert (refused.status, json.loads(refused.err)["error"]["code"]) == (2, "invalid_plan")


def test_the_shipped_plan_and_the_schema_are_printed(helpdesk: Helpdesk) -> None:
    assert "goal: Process refund" in helpdesk("plan", "show", "process_refund").out
    assert json.loads(helpdesk("plan", "schema").out)["title"] == "A plan of the helpdesk"
    unknown = helpdesk("plan", "show", "process_refunds")
    assert unknown.status == 2
    assert "did you mean process_refund?" in unknown.err


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("run", "list", "{domain}", "--status", "gone"), "allowed are running"),
        (("run", "show", "{domain}", str(uuid4())), "there is no run"),
        (("run", "start", "{domain}", "Greet", "subject"), "name=text or name:=JSON"),
        (("run", "start", "{domain}", "Greet", "subject:=no"), "no JSON stands after"),
        (("plan", "validate", "no-such-file.yaml"), "no-such-file.yaml"),
    ],
)
def test_what_is_not_allowed_ends_in_one_clear_line(
    helpdesk: Helpdesk, domain: str, command: tuple[str, ...], words: str
) -> None:
    failed = helpdesk(*(word.format(domain=domain) for word in command))
    assert failed.status in (1, 2)
    assert failed.err.startswith("error:")
    assert words in failed.err
