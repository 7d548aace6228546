"""`helpdesk ticket`: tickets from a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.apps_cli.conftest import Helpdesk


@pytest.fixture(scope="module")
def domain(helpdesk: Helpdesk, tmp_path_factory: pytest.TempPathFactory) -> str:
    domain, config = f"tickets-{uuid4().hex[:8]}.example", tmp_path_factory.mktemp("config") / "desk.yaml"
    config.write_text("slas: {high: {first_response: 60, resolution: 480}}\nhandover: {teams: [returns]}\n")
    assert helpdesk("tenant", "create", "Tickets", domain, "--config", str(config)).status == 0
    return domain


def test_a_ticket_is_opened_worked_on_and_found(helpdesk: Helpdesk, domain: str, tmp_path: Path) -> None:
    opened = ("ticket", "create", domain, "The [zip] is broken", "--priority", "high", "--key", "k", "--json")
    first, again = (helpdesk(*opened, "--email", "ada@example.com", "--tag", "vip") for _ in range(2))
    assert first.status == 0, first.err
    assert first.value["ticket"] == again.value["ticket"]
    number = str(first.value["ticket"]["number"])
    assert helpdesk("ticket", "comment", domain, number, "Hello Ada!", "--public").status == 0
    assert helpdesk("ticket", "comment", domain, number, "Ask the workshop").status == 0
    changed = helpdesk("ticket", "set", domain, number, "--status", "pending", "--team", "returns")
    assert "pending, high" in changed.out
    shown = helpdesk("ticket", "show", domain, number)
    for part in ("The [zip] is broken", "ada@example.com", "vip", "met, ", "operator commented", "(staff only)"):
        assert part in shown.out, part
    told = helpdesk("ticket", "show", domain, first.value["ticket"]["ticket_id"], "--json").value
    assert [each["kind"] for each in told["events"]] == ["created", "commented", "commented", "changed"]
    listed = helpdesk("ticket", "list", domain, "zip", "--status", "pending", "--assigned-to", "nobody")
    assert "[zip]" in listed.out
    found = helpdesk("ticket", "list", domain, "--requester", "ada@example.com", "--json").value
    assert [each["ticket"]["number"] for each in found["tickets"]] == [int(number)]
    assert "no such ticket" in helpdesk("ticket", "list", domain, "nothing of the kind").out


def test_what_is_not_allowed_ends_in_one_clear_line(helpdesk: Helpdesk, domain: str) -> None:
    number = str(helpdesk("ticket", "create", domain, "Tent", "--json").value["ticket"]["number"])
    refused = helpdesk("ticket", "set", domain, number, "--status", "closed", "--json")
    assert (refused.status, json.loads(refused.err)["error"]["code"]) == (1, "conflict")
    for wrong in (
        ("set", domain, number),
        ("set", domain, number, "--status", "frozen"),
        ("show", domain, "seven"),
        ("list", domain, "--limit", "0"),
        ("create", domain, "x", "--team", "sales"),
    ):
        failed = helpdesk("ticket", *wrong)
        assert failed.status == 2, wrong
        assert failed.err.startswith("error:")
    assert helpdesk("ticket", "show", domain, "999").status == 1
    assert helpdesk("ticket", "set", domain, number, "--assign", "nobody@nowhere.example").status == 1
