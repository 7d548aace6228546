"""Simulated traffic is a history that could have been: the same again from the same seed, and nobody else's."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Row, select

from apps.cli.context import PROJECT
from apps.cli.traffic.arrivals import arrivals_of, is_incident
from apps.cli.traffic.made import count_left
from apps.cli.traffic.removal import remove_simulated
from apps.cli.traffic.script import Script, Shift, read_script
from apps.cli.traffic.simulation import Made, Order, simulate
from components.core.errors import InvalidSetting
from components.core.settings import Settings
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.tables import Base
from components.helpdesk.evaluation.beir import load_evaluation_set
from components.knowledge.folder_source import FolderSource
from tests.apps_cli.conftest import Helpdesk

if TYPE_CHECKING:
    from components.bootstrap import Workbench

DEMO = PROJECT / "deploy" / "demo"
UNTIL = date(2026, 3, 6)
ARTICLES = ("returns", "orders")
SEED, PER_DAY = 3, 9
# Of what has begun, until when it holds.
DEADLINES = ("leased_until", "turn_until", "expires_at", "next_at", "first_response_due", "resolution_due")
# An order is older than the question about it.
BEFORE = ("ordered_at",)
# A simulation's agents come and go, and have their canned answers.
SHARED = ("agents", "canned_answers")
# Says that something is gone, and stays.
NOTES = ("fact_deletions",)


@dataclass(frozen=True)
class Town:
    """A tenant with a few of Northtrail's articles and two agents, and what is to be made of it."""

    workbench: Workbench
    tenant: Tenant
    order: Order

    def simulate(self) -> Made:
        return simulate(self.workbench, self.tenant, self.order)

    def rows(self, tenant: Tenant) -> dict[str, dict[str, Row[Any]]]:
        """All rows of a tenant by table, each under all that is in it; the audit log and the last number of a ticket,
        which nothing takes back, left out."""
        kept = ("audit_logs", "ticket_numbers")
        tables = [each for each in Base.metadata.sorted_tables if "tenant_id" in each.c and each.name not in kept]
        with self.workbench.database.tenant(tenant.context) as session:
            return {each.name: {str(row): row for row in session.execute(select(each))} for each in tables}


@pytest.fixture(scope="module")
def town(postgres: DatabaseAddresses, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    from components.bootstrap import build_workbench

    folder = tmp_path_factory.mktemp("traffic")
    workbench = build_workbench(Settings(data_dir=data_dir), postgres, clock=lambda: datetime.now(UTC))  # type: ignore[call-arg]
    tenant = workbench.tenants.create("Town", "town.example", {"slas": {"normal": {"first_response": 120}}})
    for article in ARTICLES:
        shutil.copytree(DEMO / "northtrail" / "knowledge" / article, folder / "help" / article)
    workbench.ingestion.ingest(tenant, [FolderSource("help", folder / "help")])
    for name in ("Ann", "Bo"):
        workbench.agents.create(tenant.context, email=f"{name}@town.example", name=name, password="a long password")
    yield Town(workbench, tenant, Order(_script(folder), folder, PROJECT / "apps/rasa/data", 2, UNTIL, SEED, PER_DAY))
    workbench.close()


def _script(folder: Path) -> Script:
    """Northtrail's customers, who ask what these articles answer, with people for them around noon only."""
    questions = load_evaluation_set(DEMO / "northtrail" / "evaluation")
    about = {query: documents for query, documents in questions.qrels.items()
             if any(each.split("/")[1] in ARTICLES for each in documents)}  # fmt: skip
    (folder / "evaluation" / "qrels").mkdir(parents=True)
    lines = [json.dumps({"_id": query, "text": questions.queries[query]}) for query in about]
    (folder / "evaluation" / "queries.jsonl").write_text("\n".join(lines))
    grades = [f"{query}\t{document}\t{grade}" for query, found in about.items() for document, grade in found.items()]
    (folder / "evaluation" / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(grades) + "\n")
    script = read_script(DEMO / "traffic.yaml")
    mine = script.tenants["northtrail.example"].model_copy(update={"evaluation": "evaluation"})
    noon = Shift.model_validate({"days": ["mon", "tue", "wed", "thu", "fri"], "from": 11, "to": 15})
    staff = script.staff.model_copy(update={"shifts": (noon,)})
    wishes = {"question": 3, "gap": 2, "person": 2}
    return script.model_copy(update={"tenants": {"town.example": mine}, "staff": staff, "wishes": wishes})


def told(town: Town) -> dict[Any, Any]:
    """What was said in each conversation and what came of it, without the moments, which differ by milliseconds."""
    conversations = town.workbench.conversations
    found = {}
    for each in conversations.list(town.tenant.context, limit=500):
        messages = conversations.messages(town.tenant.context, each.conversation_id)
        # Numbers of tickets go on counting.
        said = [(message.author, re.sub("#[0-9]+", "#", message.text)) for message in messages]
        outcome = town.workbench.outcomes.get(town.tenant.context, each.conversation_id)
        came_of_it = (outcome.result, outcome.handovers, outcome.rating)
        found[each.conversation_id] = (each.channel, dict(each.customer), said, came_of_it)
    return found


def test_a_simulation_is_a_coherent_past_and_the_same_again_from_its_seed(town: Town) -> None:
    database, tenant = town.workbench.database, town.tenant
    other = town.workbench.tenants.create("Other", "other-town.example", {})
    town.workbench.turns.open(other)
    real = town.workbench.turns.open(tenant, customer={"name": "Somebody"})
    others, before = town.rows(other), town.rows(tenant)

    made = town.simulate()
    assert made.conversations == len(town.order.arrivals(tenant)) > 10
    assert made.turns > made.conversations
    _require_past(before, town.rows(tenant))
    _require_order(town, real.conversation_id)
    first, left = told(town), count_left(database, tenant.context)
    assert left.conversations == made.conversations
    assert {"handed_over", "contained"} <= left.results.keys(), "people and the bot both had some"

    again = town.simulate()
    assert (again.conversations, again.there, again.turns) == (0, made.conversations, 0)
    assert told(town) == first, "what is there is not made again"

    assert remove_simulated(database, tenant.context) == made.conversations
    after = town.rows(tenant)
    for name in before.keys() - {*SHARED, *NOTES}:
        assert after[name].keys() == before[name].keys(), name
    assert town.rows(other) == others, "another tenant's rows are as they were"

    town.simulate()
    second = told(town)
    assert second == first
    remove_simulated(database, tenant.context)


def _require_past(before: dict[str, dict[str, Row[Any]]], after: dict[str, dict[str, Row[Any]]]) -> None:
    """No new row holds a moment of the real clock, nor one that is later than the last day."""
    end = datetime(UNTIL.year, UNTIL.month, UNTIL.day, tzinfo=UTC)
    begin, seen = end - timedelta(days=2), set()
    for name, rows in after.items():
        for key in rows.keys() - before[name].keys():
            for column, value in rows[key]._mapping.items():
                if not isinstance(value, datetime) or (name in SHARED and column == "created_at"):
                    continue
                at = value if value.tzinfo else value.replace(tzinfo=UTC)
                assert at >= begin or column in BEFORE, (name, column, at)
                assert at < end or column in DEADLINES, (name, column, at)
                seen.add(name)
    assert {"conversations", "messages", "conversation_events", "answers", "tickets", "outbox", "feedback"} <= seen


def _require_order(town: Town, real: UUID) -> None:
    """In each conversation things happen in order, and waits are as long as the events say."""
    conversations, tenant = town.workbench.conversations, town.tenant.context
    changes = Base.metadata.tables["conversation_events"]
    with town.workbench.database.tenant(tenant) as session:
        events = session.execute(select(changes).order_by(changes.c.number)).all()
    waits = 0
    for each in conversations.list(tenant, limit=500):
        if each.conversation_id == real:
            continue
        moments = [message.created_at for message in conversations.messages(tenant, each.conversation_id)]
        assert each.created_at <= moments[0]
        assert moments == sorted(moments)
        mine = [event for event in events if event.conversation_id == each.conversation_id]
        assert [event.at for event in mine] == sorted(event.at for event in mine)
        if each.closed_at is not None:
            # That it is resolved is said in the transaction that does it.
            assert moments[-1] <= each.closed_at + timedelta(seconds=1)
        outcome = town.workbench.outcomes.get(tenant, each.conversation_id)
        if outcome.wait_seconds is not None and mine[0].kind == "request":
            claim = next(event for event in mine if event.kind == "claim")
            assert outcome.wait_seconds == pytest.approx((claim.at - mine[0].at).total_seconds(), abs=0.001)
            waits += 1
    assert waits, "somebody waited for a person"


def test_a_day_is_the_same_whatever_other_days_are_asked_for_and_the_weekend_is_quiet() -> None:
    script = read_script(DEMO / "traffic.yaml")
    tenant = Tenant(uuid4(), "Northtrail", "northtrail.example", {})
    zone = ZoneInfo("Europe/Vienna")

    def day(number: int) -> int:
        return len(arrivals_of(script, tenant, date(2026, 3, number), zone, seed=1, per_day=100))

    usual = [n for n in range(2, 30) if not is_incident(script, tenant.domain, date(2026, 3, n))]
    weekend = [day(n) for n in usual if date(2026, 3, n).weekday() >= 5]
    week = [day(n) for n in usual if date(2026, 3, n).weekday() < 5]
    assert max(weekend) < min(week)
    bad = [n for n in range(2, 30) if n not in usual]
    assert len(bad) == 1
    assert day(bad[0]) > 1.4 * max(week), "the bad day has a rush"
    some = arrivals_of(script, tenant, date(2026, 3, 4), zone, seed=1, per_day=100)
    more = arrivals_of(script, tenant, date(2026, 3, 4), zone, seed=1, per_day=200)
    assert {each.conversation_id for each in some} < {each.conversation_id for each in more}
    assert [each.at for each in some] == sorted(each.at for each in some)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tenant", "bystander.example"], "is not a tenant of the demo"),
        (["--until", "2999-01-01"], "or a day before is allowed"),
    ],
)
def test_figures_are_invented_for_no_tenant_but_the_demos_and_for_no_future(
    helpdesk: Helpdesk, options: list[str], said: str
) -> None:
    helpdesk("tenant", "create", "Bystander", "bystander.example")
    refused = helpdesk("demo", "traffic", *options)
    assert refused.status == 2
    assert said in refused.err


def test_a_script_that_is_wrong_is_named_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "traffic.yaml"
    file.write_text((DEMO / "traffic.yaml").read_text(encoding="utf-8").replace("vip: 0.06", "vip: 6"))
    with pytest.raises(InvalidSetting, match="vip: Input should be less than or equal to 1"):
        read_script(file)
