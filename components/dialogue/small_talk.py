"""Greetings, thanks and chitchat: what the tenant's NLU project says to them, where no flow does."""

from __future__ import annotations

from collections.abc import Mapping

from components.core.nlu import Understanding
from components.dialogue.engine_variants import variant

Responses = Mapping[str, tuple[str, ...]]
# What they ask for is done or it is not: words such as `I will ask a colleague` would only claim it.
_ASKED_FOR = ("human", "start_over", "faq")


def intent_names(understanding: Understanding) -> tuple[str, ...]:
    """Under which names an arrow or a response may stand for it, the most special first:
    `chitchat/ask_name`, then its retrieval parent `chitchat`."""
    intent = understanding.intent
    if intent is None:
        return ()
    parent = intent.split("/")[0]
    response = understanding.response
    special = (response,) if response is not None and response.split("/")[0] == parent else ()
    return tuple(dict.fromkeys((*special, intent, parent)))


def small_talk(understanding: Understanding, responses: Responses, chosen_by: str) -> str | None:
    """What is said to it, None where there is nothing. chosen_by: chooses among several texts, always the same one."""
    if understanding.intent in _ASKED_FOR:
        return None
    for name in intent_names(understanding):
        if texts := responses.get(name):
            return variant(texts, chosen_by)
    return None
