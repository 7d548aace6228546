"""What is heard as a command, and what only sounds like one."""

from __future__ import annotations

import pytest

from components.core.nlu import Understanding
from components.dialogue.commands import command_of, contradicted


def understood(intent: str) -> Understanding:
    return Understanding(intent, 0.95, 0.5, "local")


@pytest.mark.parametrize(
    "message",
    [
        "I want to talk to a human about a refund",
        "I want a refund for NT-20418873 and talk to a human",
        "my order is NT-20418873 but I need a human",
        "no, human please",
        "can I speak with someone about my bill?",
        "I don't want a bot, I want a human",
        "Hallo, ich möchte mit einem Menschen sprechen, es geht um Geld",
    ],
)
def test_a_wish_for_a_person_is_heard_inside_a_sentence(message: str) -> None:
    assert command_of(message, None) == "human"
    assert command_of(message, understood("refund")) == "human"


@pytest.mark.parametrize(
    "message",
    [
        "human resources integration?",
        "I don't want to talk to a human",
        "I do not need a human",
        "no human please",
        "do I need an agent seat?",
    ],
)
def test_what_only_sounds_like_a_wish_for_a_person_is_none(message: str) -> None:
    assert command_of(message, None) is None
    assert command_of(message, understood("human")) is None
    assert contradicted(message, "human")


@pytest.mark.parametrize("message", ["human", "are you human?", "let me talk to a human about human resources"])
def test_a_wish_for_a_person_is_not_contradicted_by_other_words(message: str) -> None:
    assert not contradicted(message, "human")


def test_a_question_about_persons_is_answered_and_not_handed_over() -> None:
    assert command_of("When can I talk to a human?", understood("faq")) is None
    assert command_of("When can I talk to a human?", understood("human")) == "human"


@pytest.mark.parametrize("message", ["cancel", "cancel that please", "no, stop", "Quit!", "forget it, it works again"])
def test_leaving_is_heard_with_a_few_words_around_it(message: str) -> None:
    assert command_of(message, None) == "cancel"


@pytest.mark.parametrize(
    "message", ["cancel my order", "stop it from crashing", "never mind, where is my order?", "no"]
)
def test_what_says_more_than_a_command_is_none(message: str) -> None:
    assert command_of(message, None) is None


@pytest.mark.parametrize(
    ("message", "intent", "expected"),
    [
        ("I don't want a refund", "refund", True),
        ("Don't cancel my subscription", "cancel_subscription", True),
        ("I do not want to exchange it", "exchange", True),
        ("If you don't refund me I will be angry", "refund", False),
        ("I don't want this jacket any more, refund it", "refund", False),
        ("I have not got my refund", "refund", False),
        ("I want a refund", "refund", False),
    ],
)
def test_a_wish_that_is_negated_is_none(message: str, intent: str, expected: bool) -> None:
    assert contradicted(message, intent) is expected
