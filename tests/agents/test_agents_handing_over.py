"""A goal that is handed over takes its conversation along, into the queue, with the transcript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from components.agents.handing_over import hand_over
from components.agents.run import NewRun, WorkRun
from components.agents.workshop import Workshop
from components.database.tables import ConversationRow
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.conversations.opening import store_opening
from components.helpdesk.conversations.turn_records import NewMessage, TurnResult
from tests.agents.orchestrator_world import World, calls
from tests.helpdesk.scripted_model_server import ScriptedServer
from tests.model_uses import of_web, recorded_uses

MakeWorld = Callable[..., World]
LOOK = calls("lookup_order", '{"order_number": "A-1"}')


@pytest.fixture
def world(make_world: MakeWorld, model: ScriptedServer) -> World:
    """Whose model makes the same call for ever."""
    world = make_world()
    world.add_order()
    world.workshop = Workshop(world.database, {"goal": world.goals}, lambda _: world.tenant, on_ended=[hand_over])
    model.script = LOOK
    return world


def conversation(world: World, status: str = "bot") -> UUID:
    said = (NewMessage("Hello!"), NewMessage("My parcel is lost.", author="customer"))
    asked = {"reason": "asked_by_flow", "node": "main.a", "priority": "normal", "variables": {}}
    result = TurnResult(said, status, {}, "en", asked if status == "waiting" else None)  # type: ignore[arg-type]
    stored, _ = store_opening(
        world.database, world.tenant.context, uuid4(), result, channel="web", customer={}, flow_version=0
    )
    return stored.conversation_id


def begin(world: World, conversation_id: UUID) -> WorkRun:
    new = NewRun("goal", "Find it", uuid4().hex, {}, {}, "flow", goal="Find it", conversation_id=conversation_id)
    run = world.workshop.run(world.tenant.context, new, seconds=20)
    assert run.status == "handed_over"
    return run


def stands(world: World, conversation_id: UUID) -> dict[str, Any]:
    with world.database.tenant(world.tenant.context) as session:
        row = session.get_one(ConversationRow, conversation_id)
        return {"status": row.status, "handover": row.handover, "last": row.last_sequence}


def test_the_conversation_waits_for_a_person_with_the_transcript(world: World) -> None:
    mine = conversation(world)
    run = begin(world, mine)
    found = stands(world, mine)
    assert found["status"] == "waiting"
    handover = found["handover"]
    assert "Find it: the model was corrected 2 times" in handover["summary"]
    assert handover["messages"] == [{"sequence": 2, "text": "My parcel is lost."}]
    assert handover["variables"]["run"] == str(run.run_id)
    assert '"by": "lookup_order"' in handover["variables"]["transcript"]
    messages = Conversations(world.database).messages(world.tenant.context, mine)
    assert "in the queue for a colleague" in messages[-1].text
    assert set(recorded_uses(world.database, world.tenant.context, 1)) == {of_web(mine)}


def test_a_conversation_that_waits_already_stays_as_it_is(world: World) -> None:
    mine = conversation(world, "waiting")
    before = stands(world, mine)
    begin(world, mine)
    assert stands(world, mine) == before


def test_a_turn_that_is_being_worked_on_hands_over_itself(world: World) -> None:
    mine = conversation(world)
    held = {"turn_owner": uuid4(), "turn_until": datetime.now(UTC) + timedelta(minutes=1)}
    with world.database.tenant(world.tenant.context) as session:
        session.execute(update(ConversationRow).where(ConversationRow.conversation_id == mine).values(held))
    begin(world, mine)
    assert stands(world, mine)["status"] == "bot"


def test_no_run_hands_anothers_conversation_over(world: World, make_world: MakeWorld) -> None:
    other = make_world()
    theirs = conversation(other)
    begin(world, theirs)
    begin(world, uuid4())
    assert stands(other, theirs)["status"] == "bot"
