"""Forms: filling slots, misfits, interruptions, other wishes in between, leaving."""

from __future__ import annotations

import pytest
from dialogue_flows import SHOP
from dialogue_ports import Ports, Talk

from components.dialogue.turn_types import Frame


def test_an_order_number_in_the_first_message_is_not_asked_for_again() -> None:
    talk = Talk(SHOP)
    assert talk.say("I want a refund for NT-1234") == "Why do you want a refund?"
    assert talk.variables["order_number"] == "NT-1234"


@pytest.mark.parametrize("message", ["refund for NT-1234 or NT-5678", "refund for NT-12345"])
def test_what_is_named_twice_or_does_not_fit_is_asked_for(message: str) -> None:
    talk = Talk(SHOP)
    assert talk.say(message) == "What is your order number?"


def test_an_answer_is_found_inside_a_sentence_and_in_small_letters() -> None:
    talk = Talk(SHOP)
    assert talk.say("refund", "it's nt-1234 I think") == "Why do you want a refund?"
    assert talk.variables["order_number"] == "NT-1234"


def test_an_answer_that_does_not_fit_is_told_what_is_allowed_and_after_three_a_person_takes_over() -> None:
    talk = Talk(SHOP)
    talk.say("refund")
    expected = "An order number is NT- and four digits.\n\nWhat is your order number?"
    assert talk.say("twelve") == expected
    assert talk.state.frames[-1].attempts == 1
    assert talk.say("it is on the paper") == expected
    said = talk.say("I lost it")
    assert "not getting further" in said
    assert talk.outcome.handover is not None
    assert (talk.outcome.handover.reason, talk.outcome.handover.node) == ("gave_up", "refund.order")


def test_the_standard_wording_names_the_choices() -> None:
    talk = Talk(SHOP)
    assert "small, medium, large" in talk.say("swap my tent", "purple")
    assert talk.say("medum") == "Noted: tent in medium."


def test_a_question_in_the_middle_of_a_form_is_answered_and_the_form_goes_on() -> None:
    talk = Talk(SHOP)
    talk.say("refund")
    assert talk.say("How long does it take?") == (
        "A refund takes five days. [1]\nBack to my question: What is your order number?"
    )
    assert talk.say("NT-1234") == "Why do you want a refund?"
    assert "9 to 17" in talk.say("what are your opening hours?")
    assert talk.say("it is broken") == "Refund for NT-1234, is that right?"
    assert talk.variables["reason"] == "it is broken"


def test_a_question_that_the_knowledge_does_not_answer_is_no_handover_in_a_form() -> None:
    talk = Talk(SHOP)
    assert talk.say("refund", "What is an order number, anyway?").splitlines() == [
        "I don't know.",
        "Back to my question: What is your order number?",
    ]
    assert talk.outcome.handover is None


def test_questions_and_small_talk_are_no_failed_attempts() -> None:
    talk = Talk(SHOP)
    talk.say("refund")
    for _ in range(5):
        talk.say("opening hours?", "are you a bot?")
    assert talk.state.frames[-1] == Frame("refund", "order", 0)


def test_another_wish_is_served_first_and_the_form_finds_its_own_slots_again() -> None:
    talk = Talk(SHOP)
    talk.say("refund NT-1111", "it is broken")
    assert talk.say("where is my order NT-2222?") == (
        "Order NT-2222 is on its way.\nBack to my question: Refund for NT-1111, is that right?"
    )
    talk.say("yes")
    assert dict(talk.ports.orders[0].arguments) == {"order_number": "NT-1111", "reason": "it is broken"}


def test_another_wish_that_is_not_sure_enough_does_not_interrupt() -> None:
    talk = Talk(SHOP, Ports(confidence={"order_status": 0.65}))
    assert "NT- and four digits" in talk.say("refund", "track")
    assert talk.state.frames[-1].flow == "refund"


@pytest.mark.parametrize(("intent", "message"), [("human", "Is it a human who reads"), ("complaint", "I complain")])
def test_what_is_not_sure_enough_to_be_done_is_not_said_to_be_done(intent: str, message: str) -> None:
    talk = Talk(SHOP, Ports(confidence={intent: 0.65}))
    assert "will ask a colleague" not in talk.say("refund", message)
    assert talk.outcome.handover is None
    assert "What is your order number?" in talk.texts[-1]


def test_the_wish_that_is_served_already_does_not_begin_again() -> None:
    talk = Talk(SHOP)
    assert "NT- and four digits" in talk.say("refund", "I want my money back")
    assert [frame.flow for frame in talk.state.frames] == ["main", "refund"]


def test_wishes_are_parked_three_deep_at_most() -> None:
    intents = ("refund", "exchange", "order_status", "affirm", "greet")
    arrows = ", ".join(f"{{intent: {intent} → f_{intent}}}" for intent in intents)
    flows = f"# main.yaml\nnodes:\n  - {{id: listen, type: nlu, next: [{arrows}, default → end]}}\n" + "".join(
        f"# f_{name}.yaml\nnodes:\n  - {{id: q, type: ask, slot: s_{name}, text: {name} number, "
        f"validate: {{type: integer}}, next: done}}\n  - {{id: done, type: message, text: {name} done.}}\n"
        for name in intents
    )
    talk = Talk(flows)
    talk.say("refund", "exchange", "track", "yes")
    assert talk.say("hello") == "Let us finish this first. affirm number"
    said = [talk.say(number) for number in "1234"]
    assert said[:3] == [
        "affirm done.\nBack to my question: order_status number",
        "order_status done.\nBack to my question: exchange number",
        "exchange done.\nBack to my question: refund number",
    ]
    assert said[3] == "refund done."
    assert talk.variables["s_refund"] == 4


@pytest.mark.parametrize("message", ["cancel", "Never mind!", "vergiss es", "no"])
def test_a_form_is_left_on_request_and_nothing_was_sent_off(message: str) -> None:
    talk = Talk(SHOP)
    said = talk.say("refund", message)
    assert "Nothing was sent off" in said
    assert talk.state.frames == (Frame("main", "listen"),)
    assert talk.say("refund") == "What is your order number?"


def test_leaving_after_work_was_ordered_claims_nothing() -> None:
    talk = Talk(
        """
# main.yaml
nodes:
  - {id: listen, type: nlu, next: [{intent: refund → refund}, default → end]}
# refund.yaml
nodes:
  - {id: request, type: workflow, workflow: refund, save_as: ticket, next: rating}
  - {id: rating, type: ask, slot: rating, text: "How was it, 1 to 5?", validate: {type: integer}, next: thanks}
  - {id: thanks, type: message, text: Thank you.}
"""
    )
    said = talk.say("refund", "never mind")
    assert "stopped here" in said
    assert "Nothing" not in said


def test_leaving_a_flow_in_between_goes_back_to_the_form() -> None:
    talk = Talk(SHOP)
    talk.say("refund NT-1111", "it is broken", "where is my order?")
    assert talk.state.frames[-1].flow == "track"
    assert talk.say("never mind").endswith("Back to my question: Refund for NT-1111, is that right?")


def test_no_is_an_answer_to_a_yes_or_no_question_and_perhaps_is_none() -> None:
    talk = Talk(SHOP)
    assert "yes or no" in talk.say("refund NT-1234", "broken", "perhaps")
    assert talk.say("not at all what I meant") == "Nothing was requested."
    assert talk.ports.orders == []


def test_a_second_request_asks_anew_what_only_the_first_one_knew() -> None:
    talk = Talk(SHOP)
    talk.say("refund NT-1111", "broken", "yes")
    assert talk.say("refund NT-2222") == "Why do you want a refund?"
    assert talk.say("too large") == "Refund for NT-2222, is that right?"
    assert len(talk.ports.orders) == 1


def test_a_loop_back_to_a_question_of_this_turn_asks_it_again() -> None:
    talk = Talk(
        """
# main.yaml
nodes:
  - {id: q, type: ask, slot: size, text: "Size?", validate: {type: integer}, again: true, next: ok}
  - id: ok
    type: condition
    next:
      - if: size > 3 → done
      - default → q
  - {id: done, type: message, text: Thanks.}
"""
    )
    assert talk.say("1") == "Size?"
    assert talk.say("5") == "Thanks."


def test_forms_work_without_nlu() -> None:
    talk = Talk(SHOP)
    talk.say("refund")
    talk.ports.nlu_down = True
    assert talk.say("it's NT-1234") == "Why do you want a refund?"
    assert "A refund takes" in talk.say("how long will that be?")
    talk.say("broken")
    assert talk.say("ja") == "I opened ticket #1000."


def test_a_value_without_room_is_too_long_and_the_state_stays_storable() -> None:
    asks = "".join(
        f'  - {{id: q{n}, type: ask, slot: s{n}, text: "Say {n}", validate: {{longest: 4000}}, next: q{n + 1}}}\n'
        for n in range(9)
    )
    talk = Talk(f"# main.yaml\nnodes:\n{asks}  - {{id: q9, type: message, text: Full.}}\n")
    for _ in range(8):
        talk.say("x" * 4000)
    assert "too long" in talk.say("x" * 4000)
    assert talk.say("short") == "Full."


def test_a_slot_that_is_filled_already_is_not_asked_for() -> None:
    talk = Talk(
        """
# main.yaml
nodes:
  - {id: name, type: ask, slot: name, text: "Your name?", next: listen}
  - {id: listen, type: nlu, next: [{intent: refund → refund}, default → end]}
# refund.yaml
nodes:
  - {id: name, type: ask, slot: name, text: "Your name?", next: told}
  - {id: told, type: message, text: "A refund for {{ name }}."}
"""
    )
    assert talk.say("Ann", "refund") == "A refund for Ann."


def test_a_form_that_is_given_up_may_go_on_elsewhere_and_tells_the_person_why() -> None:
    talk = Talk(
        """
# main.yaml
nodes:
  - id: age
    type: ask
    slot: age
    text: "How many?"
    validate: {type: integer}
    attempts: 1
    give_up: person
    next: ok
  - {id: ok, type: message, text: Thanks.}
  - {id: person, type: handover, text: Let a colleague count.}
"""
    )
    assert talk.say("many") == "Let a colleague count."
    assert talk.outcome.handover is not None
    assert talk.outcome.handover.reason == "gave_up"


def test_a_wish_that_a_person_must_serve_leaves_the_form() -> None:
    talk = Talk(SHOP)
    assert talk.say("refund", "I want to complain about this!") == "I am sorry. A colleague will read this."
    assert talk.outcome.handover is not None
    assert (talk.outcome.handover.node, talk.outcome.handover.priority) == ("main.sorry", "high")
    assert talk.state.frames == (Frame("main", "listen"),)


@pytest.mark.parametrize("message", ["How long did NT-1111 take?", "how long is NT-1111 under way"])
def test_a_number_in_a_question_is_not_taken_for_the_answer(message: str) -> None:
    talk = Talk(SHOP)
    talk.say("refund")
    assert talk.say(message).endswith("Back to my question: What is your order number?")
    assert talk.say("is it NT-1234?") == "Why do you want a refund?"


@pytest.mark.parametrize(
    ("intent", "message"),
    [
        ("affirm", "sure thing that"),
        ("deny", "not at all mine"),
        ("human", "human sized"),
        ("start_over", "start over it"),
    ],
)
def test_a_form_is_neither_confirmed_nor_left_on_a_guess(intent: str, message: str) -> None:
    talk = Talk(SHOP, Ports(confidence={intent: 0.65}))
    assert "yes or no" in talk.say("refund NT-1234", "broken", message)
    assert talk.ports.orders == []
