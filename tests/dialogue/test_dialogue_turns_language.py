"""A customer is answered in the language they write, and told where the helpdesk cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from dialogue_turns_world import World, opened, said, with_flows

from components.core.tenant import Tenant
from components.database.session import Database
from components.dialogue.commands import command_of
from components.helpdesk.wording import WordingKey, languages, only_goes_on_in, say

QUOTED = re.compile('["„“”«»「‘]\\s*([^"„“”«»「」]+?)\\s*["“”«»」][.。]?$')


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    world = World(database)
    yield world
    world.close()


@pytest.fixture
def tenant(database: Database, make_tenant: Callable[..., Tenant]) -> Tenant:
    return with_flows(database, make_tenant())


def test_a_first_word_decides_no_language(world: World, tenant: Tenant) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    for number, text in enumerate(["exchange", "i want refnd", "you are stupid", "set up a return for the poles"]):
        taken = turns.take(tenant, conversation_id, client_message_id=f"m{number}", text=text)
        assert taken.conversation.language == "en"


def test_before_a_flow_goes_on_in_another_language_than_the_customers_it_says_so_once(
    world: World, tenant: Tenant
) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    first = turns.take(tenant, conversation_id, client_message_id="a", text="Ich möchte bitte einen Refund")
    assert said(first.replies) == [only_goes_on_in("en", "de"), "Which order?"]
    assert (first.replies[0].author, first.conversation.language) == ("system", "de")
    second = turns.take(tenant, conversation_id, client_message_id="b", text="NT-104432")
    assert said(second.replies) == ["I have opened ticket #1."]


def test_what_is_in_the_customers_language_needs_no_such_word(world: World, tenant: Tenant) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    taken = turns.take(tenant, conversation_id, client_message_id="a", text="Ich möchte mit einem Menschen sprechen")
    assert said(taken.replies) == [say("handover", "de"), say("queue_position", "de", position="1")]
    noted = turns.take(tenant, conversation_id, client_message_id="b", text="Sind Sie noch da, bitte?")
    assert said(noted.replies) == [say("added_for_colleague", "de")]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("key", ["handover", "added_for_colleague"])
def test_who_waits_is_told_words_that_bring_the_assistant_back(key: WordingKey, language: str) -> None:
    found = QUOTED.search(say(key, language)) or re.search('[„“”«»「"](.+?)[“”«»」"]', say(key, language))
    assert found is not None, say(key, language)
    assert command_of(found[1].strip(), None) == "start_over"
    assert command_of(found[0], None) == "start_over"
