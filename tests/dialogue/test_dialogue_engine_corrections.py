"""Forms whose customer changes an answer, or their mind; and what was said at once at the beginning."""

from __future__ import annotations

import pytest
from dialogue_flows import SHOP
from dialogue_ports import Ports, Talk

from components.dialogue.turn_types import Frame

LISTENING = (Frame("main", "listen"),)
PLAN = """
# main.yaml
nodes:
  - {id: listen, type: nlu, next: [{intent: exchange → plan}, default → end]}
# plan.yaml
nodes:
  - {id: plan, type: ask, slot: plan, text: "Which plan?", validate: {choices: [Team, Business]}, next: seats}
  - {id: seats, type: ask, slot: seats, text: "How many seats?", validate: {type: integer}, next: billing}
  - {id: billing, type: ask, slot: billing, text: "How billed?", validate: {choices: [monthly, annually]}, next: ok}
  - {id: ok, type: ask, slot: ok, text: "{{ plan }}, {{ seats }}, {{ billing }}?", validate: {type: yes_no}, next: d}
  - {id: d, type: message, text: Done.}
"""
STATUS = """
# main.yaml
nodes:
  - {id: listen, type: nlu, next: [{intent: order_status → status}, default → end]}
# status.yaml
nodes:
  - {id: offer, type: ask, slot: wanted, text: "Shall I have it looked up?", validate: {type: yes_no}, next: order}
  - id: order
    type: ask
    slot: order_number
    entity: order_number
    text: Which order?
    validate: {pattern: "NT-[0-9]{4}"}
    again: true
    next: said
  - {id: said, type: message, text: "Looking up {{ order_number }}.", next: more}
  - {id: more, type: ask, slot: more, text: "One more?", validate: {type: yes_no}, again: true, next: order}
"""


def confirming(ports: Ports | None = None) -> Talk:
    talk = Talk(SHOP, ports)
    assert talk.say("refund NT-1111", "it broke") == "Refund for NT-1111, is that right?"
    return talk


@pytest.mark.parametrize(
    "message",
    [
        "yes but the order is NT-2222",
        "no, NT-2222",
        "Actually the order number is nt-2222",
        "yes NT-2222",
        "not NT-1111 but NT-2222",
    ],
)
@pytest.mark.parametrize("nlu_down", [False, True])
def test_another_order_number_at_the_confirmation_corrects_it_and_confirms_nothing(
    message: str, nlu_down: bool
) -> None:
    talk = confirming(Ports(nlu_down=False))
    talk.ports.nlu_down = nlu_down
    said = talk.say(message)
    assert "NT-2222" in said.split("Refund")[0]
    assert said.endswith("Refund for NT-2222, is that right?")
    talk.say("yes")
    assert dict(talk.ports.orders[0].arguments) == {"order_number": "NT-2222", "reason": "it broke"}


def test_the_same_order_number_is_no_correction() -> None:
    assert confirming().say("yes, NT-1111") == "I opened ticket #1000."


def test_a_correction_where_words_are_wanted_is_not_taken_for_them() -> None:
    talk = Talk(SHOP)
    assert talk.say("refund NT-1111", "wait, it is NT-2222").endswith("Why do you want a refund?")
    assert talk.variables["order_number"] == "NT-2222"
    assert talk.say("nt-3333").endswith("Why do you want a refund?")
    reason = "together with NT-4444 it came a week late and I had bought another one by then"
    assert talk.say(reason) == "Refund for NT-3333, is that right?"
    assert talk.variables["reason"] == reason


ADDRESS = """
# main.yaml
nodes:
  - {id: listen, type: nlu, next: [{intent: order_status → move}, default → end]}
# move.yaml
nodes:
  - id: order
    type: ask
    slot: order_number
    text: Which order?
    validate: {pattern: "(NT-)?[0-9]{4,6}"}
    next: address
  - {id: address, type: ask, slot: address, text: "Where to?", next: d}
  - {id: d, type: message, text: "{{ order_number }} goes to {{ address }}."}
"""


@pytest.mark.parametrize("order", ["NT-1111", "1111"])
@pytest.mark.parametrize("address", ["5 Rue X, 75001 Paris", "Change it to 5 Rue X, 75001 Paris", "75001 Paris"])
def test_a_postcode_where_words_are_wanted_is_no_other_order_number(order: str, address: str) -> None:
    assert Talk(ADDRESS).say("track it", order, address) == f"{order} goes to {address}."


@pytest.mark.parametrize("message", ["NT-2222.", "2222", "the order number is NT-2222", "sorry, NT-2222"])
def test_an_order_number_where_words_are_wanted_is_another_one(message: str) -> None:
    assert Talk(ADDRESS).say("track it", "NT-1111", message).endswith("Where to?")


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("no, annually", "Team, 5, annually?"),
        ("actually 12 seats", "Team, 12, monthly?"),
        ("no, Business", "Business, 5, monthly?"),
        ("yes but Business, annually", "Business, 5, annually?"),
    ],
)
def test_numbers_and_choices_are_corrected_where_a_word_shows_it(message: str, question: str) -> None:
    talk = Talk(PLAN)
    assert talk.say("exchange", "Team", "5", "monthly", message).endswith(question)
    assert talk.say("yes") == "Done."


@pytest.mark.parametrize("message", ["cancel", "no, stop", "cancel that please", "quit", "abort", "never mind"])
def test_a_form_is_left_at_a_yes_or_no_question_too(message: str) -> None:
    talk = confirming()
    assert "Nothing was sent off" in talk.say(message)
    assert talk.state.frames == LISTENING
    assert talk.ports.orders == []


@pytest.mark.parametrize("message", ["no, human please", "yes, but I need a human"])
def test_a_person_is_to_be_had_at_a_yes_or_no_question(message: str) -> None:
    talk = confirming()
    talk.say(message)
    assert talk.outcome.handover is not None
    assert talk.outcome.handover.reason == "asked_by_customer"


@pytest.mark.parametrize("message", ["cancel", "stop", "Never mind!"])
def test_where_nothing_is_under_way_nothing_is_left(message: str) -> None:
    talk = Talk(SHOP)
    assert talk.say(message) == "Nothing is under way. How else can I help you?"
    assert talk.state.frames == LISTENING
    assert talk.ports.questions == []


@pytest.mark.parametrize("message", ["yes", "No"])
def test_where_words_are_wanted_a_bare_yes_or_no_is_asked_for_again_once(message: str) -> None:
    talk = Talk(SHOP)
    assert talk.say("refund NT-1111", message).endswith("Why do you want a refund?")
    assert "reason" not in talk.variables
    assert talk.say(message) == "Refund for NT-1111, is that right?"


def test_a_greeting_is_never_taken_for_the_words_that_are_wanted() -> None:
    talk = Talk(SHOP)
    talk.say("refund NT-1111")
    for message in ("hi", "Good morning!"):
        assert talk.say(message).endswith("Why do you want a refund?")
    assert "reason" not in talk.variables


@pytest.mark.parametrize(
    "message", ["forget it, I don't want a refund any more", "I don't want a refund any more", "no, not that", "cancel"]
)
def test_who_wants_no_more_of_it_is_not_quoted_as_a_reason(message: str) -> None:
    talk = Talk(SHOP)
    assert "Nothing was sent off" in talk.say("refund NT-1111", message)
    assert talk.state.frames == LISTENING


def test_another_wish_in_so_many_words_is_served_where_words_are_wanted() -> None:
    talk = Talk(SHOP)
    assert talk.say("refund NT-1111", "I want to swap my lamp") == "Which size?"
    assert talk.say("small").endswith("Back to my question: Why do you want a refund?")
    assert talk.say("it is a complaint of mine that it broke") == "Refund for NT-1111, is that right?"


@pytest.mark.parametrize("message", ["I don't want a refund", "don't refund it"])
def test_a_wish_that_is_negated_begins_no_form(message: str) -> None:
    talk = Talk(SHOP)
    talk.say(message)
    assert talk.ports.questions == [message]


def test_what_the_wish_named_is_not_asked_for_behind_another_question() -> None:
    talk = Talk(STATUS)
    assert talk.say("where is my order NT-1111?", "yes") == "Looking up NT-1111.\nOne more?"
    assert talk.say("yes") == "Which order?"


def test_what_one_wish_named_is_asked_for_at_the_next() -> None:
    talk = Talk(STATUS)
    talk.say("where is my order NT-1111?", "never mind")
    assert talk.say("where is my order?", "yes") == "Which order?"
    assert talk.say("NT-2222") == "Looking up NT-2222.\nOne more?"


def test_what_the_answer_names_comes_before_what_the_wish_named() -> None:
    assert "Looking up NT-2222." in Talk(STATUS).say("where is my order NT-1111?", "yes, NT-2222")


@pytest.mark.parametrize(("thumb", "said"), [("👍🏽", "I opened ticket #1000."), ("👎", "Nothing was requested.")])
def test_a_thumb_answers_a_yes_or_no_question(thumb: str, said: str) -> None:
    assert confirming().say(thumb) == said
