"""The shipped and the demo's flows: what they say, when they call a person, and what they take down."""

from __future__ import annotations

from pathlib import Path

import pytest
from dialogue_ports import Ports, Talk

from components.dialogue.commands import command_of
from components.dialogue.flow_library import read_flow_folder, shipped_flow_set, with_shipped
from components.dialogue.flow_reading import load_flows
from components.helpdesk.wording import say

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
UNKNOWN = "Do you ship to the moon?"


def demo(tenant: str, flow: str) -> Talk:
    """The talk that begins with one flow of a demo tenant."""
    main = f"nodes: [{{id: a, type: flow, flow: {flow}, next: b}}, {{id: b, type: nlu, next: [default: handover]}}]"
    return Talk(load_flows(with_shipped({**read_flow_folder(DEMO / tenant / "flows"), "main.yaml": main})))


def test_an_unanswered_question_is_admitted_and_a_colleague_offered_before_one_is_called() -> None:
    talk = Talk(shipped_flow_set())
    said = talk.say(UNKNOWN)
    assert talk.outcome.handover is None
    assert said.startswith("I don't know")
    offer = talk.outcome.replies[-1]
    assert offer.text.startswith("Shall I get a colleague?")
    assert all(command_of(button, None) == "human" for button in offer.buttons[:1])
    assert "What else can I do for you?" in talk.say(offer.buttons[1])
    assert talk.say("opening hours?") == "We are open from 9 to 17. [1]"


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        (["yes"], "no_answer"),
        (["Talk to a person"], "asked_by_customer"),
        (["the moon, I said", "on the moon"], "no_answer"),
    ],
)
def test_a_wish_or_a_second_message_without_sense_calls_the_colleague(then: list[str], reason: str) -> None:
    talk = Talk(shipped_flow_set())
    said = talk.say(UNKNOWN, *then)
    assert talk.outcome.handover is not None
    assert talk.outcome.handover.reason == reason
    assert said.endswith(say("handover", "en"))


def test_an_offer_that_stands_does_not_keep_a_question_from_being_answered() -> None:
    talk = Talk(shipped_flow_set())
    assert "We are open from 9 to 17." in talk.say(UNKNOWN, "What are your opening hours?")
    assert talk.outcome.handover is None


@pytest.mark.parametrize(
    ("plan", "wrong", "right"), [("Team", "500", "100"), ("Team", "1", "2"), ("Business", "4", "500")]
)
def test_a_plan_takes_no_more_seats_than_it_says(plan: str, wrong: str, right: str) -> None:
    talk = demo("cumulo", "change_plan")
    assert f"{plan} takes" in talk.say(plan, wrong)
    assert "seats" not in talk.variables
    assert talk.say(right) == "Billed monthly or annually?"
    assert f"{plan}, {right} seats" in talk.say("monthly")


def test_a_used_item_is_exchanged_without_answering_what_nobody_asked() -> None:
    ports = Ports()
    talk = demo("northtrail", "exchange")
    talk.ports = ports
    said = talk.say("NT-20418873", "the tent", "size L", "no")
    assert "I don't know" not in said
    assert "Shall I ask a colleague to exchange the tent of order NT-20418873 for: size L?" in said
    assert ports.questions == []
