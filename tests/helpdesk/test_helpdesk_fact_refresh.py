"""Facts in the warehouse are at any time what the tables would tell anew, whatever happened to the rows meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from fact_world import START, FactWorld
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.reports.facts import FACTS

DAY = timedelta(days=1)
JANUARY = datetime(2026, 1, 15, tzinfo=UTC)


class Killed(BaseException):
    """A process that ends half-way."""


def die(done: int, total: int) -> None:
    if 2 * done >= total:
        raise Killed


class History:
    """Does to the rows what hypothesis draws."""

    def __init__(self, world: FactWorld, draw: st.DataObject) -> None:
        self.world, self.draw = world, draw
        self.held: list[psycopg.Connection[Any]] = []
        self.sequences: dict[UUID, int] = {}
        self.events: dict[UUID, int] = {}
        self.answers: list[UUID] = []
        self.rated: list[UUID] = []
        self.tickets: list[UUID] = []

    def pick(self, of: Any) -> Any:
        return self.draw.draw(st.sampled_from(list(of)))

    def moment(self) -> datetime:
        return START + self.draw.draw(st.integers(0, 70)) * timedelta(minutes=1) + self.pick((0, 30, 61)) * DAY

    def open(self) -> None:
        with self.world.session() as session:
            more = {"customer": self.pick(({}, {"vip": "true"})), "language": self.pick((None, "", "de"))}
            self.sequences[self.world.open(session, self.moment(), **more)] = 1

    def say(self) -> None:
        at, conversation = self.moment(), self.pick(self.sequences)
        answer = None
        if self.pick((True, False)):
            with self.world.session() as session:
                answer = self.world.answer(session, at, answered=self.pick((True, False)), quotes=self.pick((0, 2)))
            self.answers.append(answer)
        with self.world.session() as session:
            self.world.say(
                session, conversation, self.sequences[conversation], at, answer=answer,
                confidence=self.pick((0.2, 0.9)), small_talk=self.pick((True, False)),
            )  # fmt: skip
        self.sequences[conversation] += 2

    def ask(self) -> None:
        conversation, at = self.pick(self.sequences), self.moment()
        number = self.events[conversation] = self.events.get(conversation, 0) + 2
        agent = uuid4()
        with self.world.session() as session:
            self.world.change(session, conversation, number - 1, self.pick(("request", "reopen")), "bot", "waiting", at)
            if self.pick((True, False)):
                later, sequence = at + timedelta(minutes=5), self.sequences[conversation]
                self.world.change(session, conversation, number, "claim", "waiting", "agent", later, agent_id=agent)
                self.world.insert(
                    session, "messages", conversation_id=conversation, sequence=sequence, author="agent", text="!",
                    details={"agent_id": str(agent)}, created_at=later + DAY,
                )  # fmt: skip
                self.sequences[conversation] += 1

    def judge(self) -> None:
        answer = self.pick(self.answers)
        with self.world.session() as session:
            if answer in self.rated:
                self.world.update(session, "feedback", {"answer_id": answer}, rating=self.pick((-1, 1)))
            else:
                self.world.insert(session, "feedback", feedback_id=uuid4(), answer_id=answer, rating=1)
                self.rated.append(answer)

    def order(self) -> None:
        with self.world.session() as session:
            self.world.call(session, self.moment())
            ticket, at = uuid4(), self.moment()
            due = {"resolution_minutes": 60.0, "resolution_due": at}
            self.world.insert(
                session,
                "tickets",
                ticket_id=ticket,
                number=len(self.tickets),
                created_at=at.replace(tzinfo=None),
                **due,
            )
        self.tickets.append(ticket)

    def correct(self) -> None:
        conversation = {"conversation_id": self.pick(self.sequences)}
        with self.world.session() as session:
            match self.pick(range(6)):
                case 0:
                    self.world.update(session, "conversations", conversation, created_at=self.moment(), status="closed")
                case 1:
                    self.world.update(session, "conversation_outcomes", conversation, result="verified", rating=5)
                case 2:
                    self.world.update(session, "messages", conversation | {"author": "agent"}, created_at=self.moment())
                case 3 if self.answers:
                    self.world.update(session, "answers", {"answer_id": self.pick(self.answers)}, answered=False)
                case 4 if self.tickets:
                    self.world.update(session, "tickets", {"ticket_id": self.pick(self.tickets)}, paused_since=START)
                case _:
                    self.world.update(session, "conversations", conversation, team="billing", priority="high")

    def remove(self) -> None:
        conversation = self.pick(self.sequences)
        of_it = {"conversation_id": conversation}
        with self.world.session() as session:
            match self.pick(range(5)):
                case 0:
                    self.world.delete(session, "conversations", **of_it)
                    del self.sequences[conversation]
                case 1:
                    self.world.delete(session, "messages", **of_it, author="bot")
                case 2:
                    self.world.delete(session, "conversation_outcomes", **of_it)
                case 3 if self.answers:
                    answer = self.answers.pop()
                    self.world.delete(session, "answers", answer_id=answer)
                case 4 if self.rated:
                    self.world.delete(session, "feedback", answer_id=self.rated.pop())
                case _:
                    self.world.delete(session, "messages", **of_it)

    def hold(self) -> None:
        """A transaction that has written, and ends only after others and after refreshes."""
        tenant = self.world.tenant.tenant_id
        with self.world.session() as session:
            other = self.world.open(session, JANUARY)
            self.world.say(session, other, 1, JANUARY)
        held = psycopg.connect(**self.world.database.app_arguments())
        self.held.append(held)
        held.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        match self.pick(range(3)):
            case 0:
                held.execute(
                    "INSERT INTO messages (tenant_id, conversation_id, sequence, author, text, created_at) "
                    "VALUES (%s, %s, 9, 'customer', '', %s)",
                    [tenant, other, JANUARY + 2 * DAY],
                )
            case 1:
                held.execute("UPDATE conversation_outcomes SET rating = 4 WHERE conversation_id = %s", [other])
            case _ if len(self.held) == 1:
                held.execute("DELETE FROM messages WHERE conversation_id = %s", [other])
            case _:
                held.execute("UPDATE messages SET details = '{}' WHERE conversation_id = %s", [other])

    def release(self) -> None:
        for held in self.held:
            held.commit()
            held.close()
        self.held.clear()

    def refresh(self) -> None:
        self.world.refresh()

    def die(self) -> None:
        with contextlib.suppress(Killed):
            self.world.refresh(on_progress=die)

    def allowed(self) -> list[Callable[[], None]]:
        always = [self.open, self.order, self.hold, self.release, self.refresh, self.die]
        return (
            always
            + ([self.say, self.say, self.ask, self.correct, self.remove] if self.sequences else [])
            + ([self.judge] if self.answers else [])
        )


# Not shrunk: an example is some dozen real transactions.
@settings(max_examples=25, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(draw=st.data())
def test_whatever_happened_the_facts_are_what_the_rows_tell_anew(
    database: Database,
    make_tenant: Callable[..., Tenant],
    tmp_path_factory: pytest.TempPathFactory,
    draw: st.DataObject,
) -> None:
    world = FactWorld(database, make_tenant(), tmp_path_factory.mktemp("facts"))
    history = History(world, draw)
    try:
        history.open()
        for _ in range(draw.draw(st.integers(3, 14))):
            history.pick(history.allowed())()
    finally:
        history.release()
    folder, context = world.warehouse.folder(world.tenant.context), world.tenant.context
    manifests = [world.warehouse.manifest(context)]
    world.refresh()
    manifests.append(world.warehouse.manifest(context))
    kept, anew = world.facts(), world.told_anew()
    for dataset in FACTS:
        assert kept[dataset.name].to_pylist() == anew[dataset.name].to_pylist(), dataset.name
    needed = {part.path for each in manifests for months in each.parts.values() for part in months.values()}
    left = {str(file.relative_to(folder)) for file in folder.rglob("*.parquet")}
    assert left <= needed, "files that nobody needs are left"
