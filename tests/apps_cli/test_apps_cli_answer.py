"""`helpdesk answer`: lineage and replay from a terminal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from tests.apps_cli.conftest import Helpdesk

QUESTION = "Within how many days can I return a kayak?"


@dataclass(frozen=True)
class Shop:
    domain: str
    folder: Path
    answer_id: str


@pytest.fixture(scope="module")
def shop(helpdesk: Helpdesk, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A tenant that has been asked once."""
    folder, domain = tmp_path_factory.mktemp("articles"), f"answers-{uuid4().hex[:8]}.example"
    (folder / "returns.md").write_text("# Returns\n\n## Time limit\n\nYou can return a kayak within 45 days.\n")
    (folder / "shipping.md").write_text("# Shipping\n\n## Cost\n\nShipping a kayak to Norway costs 80 euros.\n")
    assert helpdesk("tenant", "create", "Answers", domain, "--knowledge", str(folder)).status == 0
    assert helpdesk("ingest", domain).status == 0
    asked = helpdesk("ask", domain, QUESTION, "--json")
    assert asked.status == 0, asked.err
    return Shop(domain, folder, asked.value["answer_id"])


def test_an_answer_is_shown_with_what_it_was_made_of(helpdesk: Helpdesk, shop: Shop) -> None:
    shown = helpdesk("answer", "show", shop.domain, shop.answer_id)
    assert shown.status == 0, shown.err
    for part in (QUESTION, "45 days", "help/returns.md", "extractive", "vector", "confidence", "index"):
        assert part in shown.out, part
    told = helpdesk("answer", "show", shop.domain, shop.answer_id, "--json").value
    assert (told["answer_id"], told["channel"], told["reason"], told["cost"]) == (shop.answer_id, "cli", None, 0)
    assert told["passages"][0]["used"]


def test_answers_are_listed_and_a_bad_reason_is_named(helpdesk: Helpdesk, shop: Shop) -> None:
    listed = helpdesk("answer", "list", shop.domain, "--json")
    assert shop.answer_id in [each["answer_id"] for each in listed.value]
    assert shop.answer_id in helpdesk("answer", "list", shop.domain).out
    assert "no such answer" in helpdesk("answer", "list", shop.domain, "--reason", "budget").out
    refused = helpdesk("answer", "list", shop.domain, "--reason", "rain")
    assert refused.status == 2
    assert "low_confidence" in refused.err


def test_a_replay_shows_what_has_changed_since(helpdesk: Helpdesk, shop: Shop) -> None:
    same = helpdesk("answer", "replay", shop.domain, shop.answer_id)
    assert same.status == 0, same.err
    assert "the same answer" in same.out
    (shop.folder / "returns.md").write_text("# Returns\n\n## Time limit\n\nYou can return a kayak within 60 days.\n")
    assert helpdesk("ingest", shop.domain).status == 0
    found = helpdesk("answer", "replay", shop.domain, shop.answer_id, "--json").value
    assert found["before"]["answer_id"] == shop.answer_id
    assert found["after"]["channel"] == "replay"
    assert len(found["difference"]["entered"]) == len(found["difference"]["left"]) == 1
    assert any(line.startswith("+") and "60 days" in line for line in found["difference"]["text"])


def test_another_tenants_answer_or_an_id_that_is_none_ends_in_one_clear_line(helpdesk: Helpdesk, shop: Shop) -> None:
    other = f"other-{uuid4().hex[:8]}.example"
    helpdesk("tenant", "create", "Other", other)
    refused = helpdesk("answer", "show", other, shop.answer_id, "--json")
    assert refused.status == 1
    assert json.loads(refused.err)["error"]["code"] == "not_found"
    assert helpdesk("answer", "show", shop.domain, "seven").status == 2
    for command in ("list", "show", "replay"):
        assert "Usage" in helpdesk("answer", command, "--help").out
