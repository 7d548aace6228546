"""What customers send: odd texts are lived with, bad ones refused by name, and another tenant's talk is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from dialogue_turns_world import World, opened, with_flows

from components.core.errors import InvalidInput, NotFound
from components.core.tenant import Tenant
from components.database.session import Database
from components.dialogue.turns import LONGEST_TEXT
from components.helpdesk.conversations.conversations import Conversations


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    world = World(database)
    yield world
    world.close()


@pytest.fixture
def tenant(database: Database, make_tenant: Callable[..., Tenant]) -> Tenant:
    return with_flows(database, make_tenant())


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


@pytest.mark.parametrize("text", ["🙂🙂", "שלום, אני רוצה עזרה", "a" * LONGEST_TEXT, "\u202emirror", "\x01\x02 \x7f"])
def test_odd_texts_are_lived_with(world: World, tenant: Tenant, text: str) -> None:
    turns = world.turns()
    taken = turns.take(tenant, opened(turns, tenant).conversation_id, client_message_id="a", text=text)
    assert taken.message.text == text.strip()
    assert taken.replies


@pytest.mark.parametrize(
    ("client_message_id", "text", "field"),
    [
        ("a", "", "text"),
        ("a", " \n\t", "text"),
        ("a", "x" * 100_000, "text"),
        ("a", "\0PNG", "text"),
        ("a", "half \ud800", "text"),
        ("", "x", "client_message_id"),
        ("a b", "x", "client_message_id"),
        ("a" * 65, "x", "client_message_id"),
    ],
)
def test_what_cannot_be_a_message_is_refused_and_not_stored(
    world: World, tenant: Tenant, conversations: Conversations, client_message_id: str, text: str, field: str
) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    with pytest.raises(InvalidInput) as refused:
        turns.take(tenant, conversation_id, client_message_id=client_message_id, text=text)
    assert refused.value.field == field
    assert len(conversations.messages(tenant.context, conversation_id)) == 1


def test_another_tenants_conversation_is_not_there(
    world: World, tenant: Tenant, make_tenant: Callable[..., Tenant], conversations: Conversations
) -> None:
    turns, other = world.turns(), make_tenant()
    conversation_id = opened(turns, tenant).conversation_id
    turns.take(tenant, conversation_id, client_message_id="a", text="mine")
    for reach in (
        lambda: turns.take(other, conversation_id, client_message_id="a", text="mine"),
        lambda: turns.take(other, conversation_id, client_message_id="b", text="theirs"),
        lambda: turns.resume(other, conversation_id),
        lambda: conversations.get(other.context, conversation_id),
        lambda: conversations.messages(other.context, conversation_id),
        lambda: turns.take(other, uuid4(), client_message_id="a", text="nobody's"),
    ):
        with pytest.raises(NotFound):
            reach()
    assert conversations.list(other.context) == ()
    assert len(conversations.messages(tenant.context, conversation_id)) == 3
