"""What the facts of a conversation, an answer, a handover and a ticket say, and whose they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from fact_world import START, FactWorld

from components.core.errors import Conflict, InvalidInput, TenantNotFound
from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.outcomes import Outcomes
from components.helpdesk.reports.fact_export import dataset_named, export_facts
from components.helpdesk.reports.fact_status import read_status
from components.helpdesk.reports.facts import FACTS
from components.helpdesk.reports.refreshing import FactRefresh
from components.helpdesk.tenants import TenantRegistry
from components.warehouse.warehouse import Warehouse

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
VIENNA = {"handover": {"time_zone": "Europe/Vienna"}}


@pytest.fixture
def world(database: Database, make_tenant: Callable[..., Tenant], tmp_path: Path) -> FactWorld:
    return FactWorld(database, make_tenant(config=VIENNA), tmp_path)


def test_a_conversation_is_told_with_all_that_belongs_to_it(world: FactWorld) -> None:
    agent = uuid4()
    with world.session() as session:
        good, bad = world.answer(session, START + MINUTE), world.answer(session, START + 2 * MINUTE, answered=False)
        versions = {"prompt": {"id": "answer", "version": 3}, "model": "qwen", "index": 12}
        told = world.open(session, START, customer={"vip": "Yes"}, versions=versions, status="closed", team="")
        world.say(session, told, 1, START, intent="greet", small_talk=True)
        world.say(session, told, 3, START + MINUTE, intent="unsure", confidence=0.3, answer=good)
        world.say(session, told, 5, START + 2 * MINUTE, intent="refund", answer=bad)
        world.change(session, told, 1, "request", "bot", "waiting", START + 3 * MINUTE, details={"reason": "asked"})
        world.change(session, told, 2, "claim", "waiting", "agent", START + 5 * MINUTE, agent_id=agent)
        world.insert(
            session, "messages", conversation_id=told, sequence=7, author="agent", text="!",
            details={"agent_id": str(agent)}, created_at=START + 6 * MINUTE,
        )  # fmt: skip
        world.change(session, told, 3, "resolve", "agent", "closed", START + 9 * MINUTE)
        world.change(session, told, 4, "restart", "closed", "bot", START + DAY)
        world.insert(session, "feedback", feedback_id=uuid4(), answer_id=good, rating=-1)
    world.refresh()

    (row,) = world.rows("conversations")
    expected = {
        "tenant_id": str(world.tenant.tenant_id),
        "conversation_id": str(told),
        "day": date(2026, 9, 1),
        "started_at": START.replace(tzinfo=None),
        "last_message_at": (START + 6 * MINUTE).replace(tzinfo=None),
        "vip": True,
        "team": "",
        "language": None,
        "intent": "refund",
        "customer_messages": 3,
        "bot_messages": 3,
        "agent_messages": 1,
        "answers": 1,
        "refusals": 1,
        "messages_after_answer": 1,
        "reopened": 1,
        "result": "open",
        "prompt_version": 3,
        "model": "qwen",
        "index_version": 12,
    }
    assert {name: row[name] for name in expected} == expected
    assert [(m["author"], m["intent"], m["fallback"], m["seconds"]) for m in world.rows("messages")][:4] == [
        ("customer", "greet", False, 0.75),
        ("bot", None, None, None),
        ("customer", "unsure", True, 0.75),
        ("bot", None, None, None),
    ]
    answers = {row["answer_id"]: row for row in world.rows("answers")}
    assert (answers[str(good)]["thumb"], answers[str(good)]["conversation_id"]) == (-1, str(told))
    assert answers[str(bad)]["answered"] is False
    assert {row["document_id"] for row in world.rows("citations")} == {'a, "0".md'}
    (handover,) = world.rows("handovers")
    waits = {name: handover[name] for name in ("reason", "ended_by", "waited_seconds", "first_response_seconds", "vip")}
    assert waits == {
        "reason": "asked", "ended_by": "claim", "waited_seconds": 120.0, "first_response_seconds": 180.0, "vip": True
    }  # fmt: skip
    assert handover["agent_id"] == str(agent)


def test_the_figures_of_outcomes_are_the_counts_of_the_facts(world: FactWorld, database: Database) -> None:
    results = ("contained", "verified", "handed_over", "handed_over", "abandoned", "open")
    with world.session() as session:
        for number, result in enumerate(results):
            conversation = world.open(session, START + number * DAY)
            verified = {"verified": True} if number in (1, 3) else {}
            waited = {"handovers": 1, "handover_reason": "asked", "wait_seconds": 10.0 * number}
            world.update(
                session, "conversation_outcomes", {"conversation_id": conversation}, result=result,
                details={"answered": True} | verified, rating=number or None,
                ended_at=None if result == "open" else START + number * DAY + MINUTE,
                **(waited if result == "handed_over" else {}),
            )  # fmt: skip
    world.refresh()
    since, until = START, START + 4 * DAY
    figures = Outcomes(database).figures(world.tenant.context, since, until)
    rows = [
        row for row in world.rows("conversations")
        if row["ended_at"] and since <= row["ended_at"].replace(tzinfo=UTC) < until
    ]  # fmt: skip
    assert figures.total_sessions == len(rows) == 4
    for result in ("contained", "verified", "handed_over", "abandoned"):
        assert getattr(figures, result) == sum(row["result"] == result for row in rows)
    assert figures.handed_over_verified == sum(row["verified"] for row in rows if row["result"] == "handed_over") == 1
    assert figures.handovers == sum(row["handovers"] for row in rows)
    waits = [row["wait_seconds"] for row in rows if row["wait_seconds"] is not None]
    assert figures.wait.average == sum(waits) / len(waits)
    assert figures.open == sum(row["result"] == "open" for row in world.rows("conversations"))


def test_a_tenant_gets_no_rows_of_another(
    world: FactWorld, database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    other = FactWorld(database, make_tenant(), world.folder)
    for each in (world, other):
        with each.session() as session:
            answer = each.answer(session, START)
            each.say(session, each.open(session, START), 1, START, answer=answer)
            each.call(session, START)
        each.refresh()
    for each in (world, other):
        tables = each.facts()
        for dataset in ("conversations", "messages", "answers", "citations", "model_calls"):
            assert set(tables[dataset]["tenant_id"].to_pylist()) == {str(each.tenant.tenant_id)}, dataset


def test_a_model_call_says_what_it_was_for_and_an_older_one_that_nobody_knows(world: FactWorld) -> None:
    with world.session() as session:
        talk = world.open(session, START)
        world.call(session, START, purpose="customer", channel="web", conversation_id=talk)
        world.call(session, START, purpose="evaluation")
        world.call(session, START)
    world.refresh()
    told = {(row["purpose"], row["channel"], row["conversation_id"]) for row in world.rows("model_calls")}
    assert told == {("customer", "web", str(talk)), ("evaluation", None, None), ("unknown", None, None)}


def test_facts_that_were_told_in_another_way_are_told_anew(world: FactWorld) -> None:
    with world.session() as session:
        world.call(session, START)
    world.refresh()
    context, before = world.tenant.context, world.warehouse.manifest(world.tenant.context)
    world.warehouse.publish(context, before, {}, {**before.watermark, "edition": 1}, START)
    again = world.refresh()
    assert (again.reason, again.rows["model_calls"]) == ("they are told in another way now", 1)


def test_only_months_with_news_are_told_anew(world: FactWorld) -> None:
    with world.session() as session:
        old, new = world.open(session, START - 60 * DAY), world.open(session, START)
        world.say(session, old, 1, START - 60 * DAY)
    first = world.refresh()
    assert (first.reason is None, first.rows["messages"]) == (False, 2)
    nothing = world.refresh()
    assert (nothing.months, nothing.rows, nothing.total_rows["messages"]) == ({}, {}, 2)
    assert not FactRefresh(world.database, world.warehouse).is_due(world.tenant)
    with world.session() as session:
        world.say(session, new, 1, START)
    assert FactRefresh(world.database, world.warehouse).is_due(world.tenant)
    again = world.refresh()
    assert again.months == {"conversations": ("2026-08",), "messages": ("2026-08",)}
    assert world.refresh(rebuild=True).reason == "it was asked for"


def test_a_tenant_without_conversations_has_facts_without_rows(world: FactWorld) -> None:
    report = world.refresh()
    assert set(report.total_rows.values()) == {0}
    status = read_status(world.warehouse, world.tenant.context, report.refreshed_at + MINUTE)
    assert (status.age_seconds, status.size_bytes) == (60.0, 0)
    assert [each.dataset for each in status.datasets] == [each.name for each in FACTS]


def test_another_time_zone_or_database_tells_everything_anew(world: FactWorld) -> None:
    with world.session() as session:
        world.open(session, START)
    world.refresh()
    assert [row["day"] for row in world.rows("conversations")] == [date(2026, 9, 1)]
    world.tenant = Tenant(world.tenant.tenant_id, "T", world.tenant.domain, {})
    assert world.refresh().reason == "the tenant's time zone is UTC now"
    assert [row["day"] for row in world.rows("conversations")] == [date(2026, 8, 31)]
    file = world.warehouse.folder(world.tenant.context) / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["watermark"]["transaction"] = 2**60
    file.write_text(json.dumps(manifest))
    assert world.refresh().reason == "the database is another one, or an older state of it"


def test_a_ticket_becomes_late_by_the_clock_alone(world: FactWorld) -> None:
    due = datetime.now(UTC) + timedelta(seconds=2)
    with world.session() as session:
        world.insert(
            session, "tickets", ticket_id=uuid4(), number=1, resolution_minutes=1.0, resolution_due=due,
            created_at=datetime(2026, 9, 1),
        )  # fmt: skip
    world.refresh()
    assert [(row["first_response_late"], row["resolution_late"]) for row in world.rows("tickets")] == [(None, False)]
    refresh = FactRefresh(world.database, world.warehouse)
    while datetime.now(UTC) <= due:
        refresh.is_due(world.tenant)
    assert world.refresh().months == {"tickets": ("2026-09",)}
    assert [row["resolution_late"] for row in world.rows("tickets")] == [True]


def test_a_tenants_facts_are_written_by_one_at_a_time(world: FactWorld) -> None:
    with world.warehouse.writing(world.tenant.context, 1), pytest.raises(Conflict, match="another process"):
        world.refresh(wait=0.05)
    world.refresh(wait=0.05)


def test_a_deleted_tenants_facts_go_with_it(database: Database, tmp_path: Path) -> None:
    registry = TenantRegistry(database, tmp_path)
    tenant = registry.create("Shop", f"facts-{uuid4().hex[:8]}.example")
    world = FactWorld(database, tenant, tmp_path)
    world.warehouse = Warehouse(tmp_path)
    with world.session() as session:
        world.say(session, world.open(session, START), 1, START)
    world.refresh()
    registry.delete(tenant.tenant_id)
    assert not list((tmp_path / "warehouse").rglob("*"))
    with pytest.raises(TenantNotFound):
        world.refresh()


def test_facts_are_taken_along_as_a_file_that_no_spreadsheet_runs(world: FactWorld, tmp_path: Path) -> None:
    with world.session() as session:
        for number, channel in enumerate(("=1+1", "web", "@SUM(A1)", "-2", "web")):
            world.open(session, START + number * DAY, channel=channel)
    world.refresh()
    tenants, conversations = [world.tenant.context], dataset_named("conversations")
    file = tmp_path / "facts.csv"
    count = export_facts(world.warehouse, tenants, conversations, START, START + 4 * DAY, "csv", file)
    lines = file.read_text().splitlines()
    assert (count, len(lines)) == (4, 5)
    assert [line.split(",")[2].strip('"') for line in lines[1:]] == ["'=1+1", "web", "'@SUM(A1)", "'-2"]

    parquet = tmp_path / "facts.parquet"
    assert export_facts(world.warehouse, tenants, conversations, START, START + DAY, "parquet", parquet) == 1
    assert pq.read_table(parquet)["channel"].to_pylist() == ["=1+1"]
    assert export_facts(world.warehouse, tenants, conversations, START - DAY, START, "csv", file) == 0
    assert len(file.read_text().splitlines()) == 1

    with pytest.raises(InvalidInput, match="dataset='talks': allowed is one of conversations, messages"):
        dataset_named("talks")
    with pytest.raises(InvalidInput, match="is not before"):
        export_facts(world.warehouse, tenants, conversations, START, START, "csv", file)
    with pytest.raises(InvalidInput, match="cannot be written"):
        export_facts(world.warehouse, tenants, conversations, START, START + DAY, "csv", tmp_path / "no" / "file")
    assert not list(tmp_path.glob("*.partial"))
