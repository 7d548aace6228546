"""The engine on listening nodes, messages, knowledge, work, sub-flows and handovers."""

from __future__ import annotations

import pytest
from dialogue_flows import SHOP
from dialogue_ports import Ports, Talk

from components.core.errors import (
    DatabaseUnavailable,
    IndexUnavailable,
    InvalidFlow,
    InvalidInput,
    InvalidPrompt,
    ModelUnavailable,
    WorkflowUnavailable,
)
from components.dialogue.engine import take_turn
from components.dialogue.flow import Arrow, ConditionNode, Flow, FlowSet, MessageNode, NluNode, WorkNode
from components.dialogue.flow_library import shipped_flow_set
from components.dialogue.turn_types import DialogueState, Frame

SPEC = """
# main.yaml
nodes:
  - id: greet
    type: message
    text: "Hi {{user.name}}, how can I help?"
    next: detect_intent

  - id: detect_intent
    type: nlu
    model: rasa_intent
    next:
      - intent: faq → handle_faq
      - intent: refund → start_refund_flow
      - default → handover
# handle_faq.yaml
nodes:
  - {id: answer, type: rag}
# start_refund_flow.yaml
nodes:
  - {id: told, type: message, text: A refund it is.}
"""


def main(*nodes: str) -> str:
    return "# main.yaml\nnodes:\n" + "\n".join(f"  - {{{node}}}" for node in nodes)


def test_the_flow_of_the_specification_runs_as_it_is_written() -> None:
    talk = Talk(SPEC)
    assert talk.opening == ["Hi Ann, how can I help?"]
    assert talk.say("What are your opening hours?") == "We are open from 9 to 17. [1]"
    assert talk.say("I want my money back") == "A refund it is."
    assert "queue for a colleague" in talk.say("blub")
    assert talk.outcome.handover is not None
    assert talk.outcome.handover.reason == "not_understood"


def test_an_answer_from_the_knowledge_is_streamed_in_pieces_and_carries_its_citations() -> None:
    talk = Talk(SHOP)
    talk.say("opening hours?")
    (reply,) = talk.outcome.replies
    assert reply.answered is not None
    assert len(reply.answered.answer.citations) == 1
    assert talk.heard.pieces == {0: reply.text}


def test_the_same_input_gives_the_same_outcome() -> None:
    first, second = Talk(SHOP), Talk(SHOP)
    for message in ("hi", "refund", "NT-1234", "it is broken", "yes"):
        first.say(message)
        second.say(message)
        assert first.outcome == second.outcome
    assert first.ports.orders == second.ports.orders


def test_small_talk_without_an_arrow_is_answered_from_the_responses_and_the_node_listens_on() -> None:
    talk = Talk(SHOP)
    assert talk.say("hello") in ("Hello!", "Hi there!")
    assert talk.say("Are you a bot?") == "I am a bot."
    assert talk.state.frames == (Frame("main", "listen"),)


def test_an_arrow_of_the_retrieval_parent_comes_before_its_small_talk() -> None:
    talk = Talk(
        main(
            "id: listen, type: nlu, next: [{intent: chitchat → talk}, default → end]",
            "id: talk, type: message, text: Let us get to work., next: listen",
        )
    )
    assert talk.say("Are you a bot?") == "Let us get to work."


def test_below_the_threshold_the_default_arrow_is_taken_whatever_the_intent() -> None:
    talk = Talk(SHOP, Ports(confidence={"refund": 0.5}))
    assert talk.say("how long does a refund take") == "A refund takes five days. [1]"


def test_what_the_knowledge_does_not_say_is_said_honestly_before_the_handover() -> None:
    talk = Talk(SHOP)
    assert talk.say("what is the weather like").startswith("I don't know.")
    assert talk.outcome.handover is not None
    assert talk.outcome.handover.reason == "no_answer"
    assert talk.state.frames == (Frame("main", "listen"),)
    assert talk.say("opening hours?") == "We are open from 9 to 17. [1]"


@pytest.mark.parametrize(
    ("error", "said"), [(IndexUnavailable("x"), "being prepared"), (ModelUnavailable("x"), "cannot look that up")]
)
def test_a_knowledge_that_is_away_for_a_moment_is_an_apology_and_no_handover(
    error: IndexUnavailable, said: str
) -> None:
    talk = Talk(SHOP, Ports(knowledge_error=error))
    assert said in talk.say("opening hours?")
    assert talk.outcome.handover is None
    talk.ports.knowledge_error = None
    assert "9 to 17" in talk.say("opening hours?")


def test_a_knowledge_that_fails_otherwise_is_a_fault_and_handed_over() -> None:
    talk = Talk(SHOP, Ports(knowledge_error=InvalidPrompt("x")))
    talk.say("opening hours?")
    assert talk.outcome.handover is not None
    assert talk.outcome.handover.reason == "fault"


def test_a_database_that_is_away_ends_the_turn_unstored() -> None:
    talk = Talk(SHOP, Ports(knowledge_error=DatabaseUnavailable("x")))
    with pytest.raises(DatabaseUnavailable):
        talk.say("opening hours?")
    talk = Talk(SHOP, Ports(work_error=DatabaseUnavailable("x")))
    with pytest.raises(DatabaseUnavailable):
        talk.say("refund NT-1234", "broken", "yes")


def test_the_order_of_a_turn_that_is_run_again_has_the_same_key() -> None:
    talk = Talk(SHOP)
    talk.say("refund NT-1234", "broken")
    before = talk.state
    talk.say("yes")
    take_turn(talk.flows, before, "yes", talk.around, talk.ports, talk.heard)
    first, again = talk.ports.orders
    assert first == again
    assert len(talk.ports.done) == 1
    assert dict(first.arguments) == {"order_number": "NT-1234", "reason": "broken"}
    talk.say("refund NT-1234", "broken again", "yes")
    assert talk.ports.orders[-1].key != first.key


def test_work_that_fails_is_never_claimed_and_goes_to_a_person() -> None:
    talk = Talk(SHOP, Ports(work_error=WorkflowUnavailable("down")))
    said = talk.say("refund NT-1234", "broken", "yes")
    assert "could not confirm" in said
    assert "ticket" not in said
    assert talk.outcome.handover is not None
    assert talk.outcome.handover.reason == "work_failed"


def test_without_nlu_a_message_is_a_question_to_the_knowledge_and_commands_still_work() -> None:
    talk = Talk(SHOP, Ports(nlu_down=True))
    assert talk.say("opening hours?") == "We are open from 9 to 17. [1]"
    assert any("no engine of understanding" in step.what for step in talk.outcome.steps)
    talk.say("Ich möchte mit einem Mitarbeiter sprechen!")
    assert talk.outcome.handover is not None
    assert talk.outcome.handover.reason == "asked_by_customer"
    assert "starting over" in talk.say("Start over")
    talk.say("Hello, I would like to speak to a human, please")
    assert talk.outcome.handover is not None
    assert talk.outcome.handover.reason == "asked_by_customer"


def test_a_person_and_a_fresh_start_are_to_be_had_from_anywhere() -> None:
    talk = Talk(SHOP)
    talk.say("refund", "NT-1234", "could I talk to a real person")
    assert talk.outcome.handover is not None
    assert talk.outcome.handover.reason == "asked_by_customer"
    assert talk.variables["order_number"] == "NT-1234"
    assert "starting over" in talk.say("refund", "NT-1234", "let us start all over")
    assert talk.variables == {}
    assert talk.state.frames == (Frame("main", "listen"),)


@pytest.mark.parametrize("message", ["", "   ", "🙂🙂", "?!…", "\u200f"])
def test_a_message_without_words_is_asked_for_again(message: str) -> None:
    talk = Talk(SHOP)
    assert "in words" in talk.say(message)
    talk.say("refund")
    for _ in range(5):
        assert "What is your order number?" in talk.say(message)
    assert talk.outcome.handover is None


def test_a_called_flow_comes_back_to_the_node_after_the_call() -> None:
    talk = Talk(
        """
# main.yaml
nodes:
  - {id: first, type: flow, flow: part, next: after}
  - {id: after, type: message, text: After., next: listen}
  - {id: listen, type: nlu, next: ["default → part"]}
# part.yaml
nodes:
  - {id: inside, type: message, text: Inside., next: stop}
  - {id: stop, type: end, text: Done inside.}
"""
    )
    assert talk.opening == ["Inside.", "Done inside.", "After."]
    assert talk.say("again") == "Inside.\nDone inside."
    assert talk.state.frames == (Frame("main", "listen"),)


def test_a_main_that_ended_listens_again_or_begins_anew() -> None:
    talk = Talk(main("id: greet, type: message, text: Hello."))
    assert talk.opening == ["Hello."]
    assert talk.state.frames == ()
    assert talk.say("and now?") == "Hello."


def test_a_turn_without_a_word_of_its_own_asks_what_else_there_is() -> None:
    talk = Talk(main('id: listen, type: nlu, next: ["default → end"]'))
    assert talk.opening == []
    assert talk.say("blub") == "How else can I help you?"


def test_conditions_choose_by_what_the_customer_has_said() -> None:
    flow = main(
        'id: amount, type: ask, slot: amount, text: "How much?", validate: {type: number}, next: much',
        "id: much, type: condition, next: [{if: amount > 100 → large}, default → small]",
        "id: large, type: message, text: A lot.",
        "id: small, type: message, text: A little.",
    )
    talk = Talk(flow)
    assert talk.say("€ 250.00") == "A lot."
    assert Talk(flow).say("it was 20") == "A little."


def test_a_handover_node_says_its_own_text_and_keeps_its_priority() -> None:
    talk = Talk(
        main(
            'id: listen, type: nlu, next: ["default → person"]',
            "id: person, type: handover, priority: high, text: A colleague it is.",
        )
    )
    assert talk.say("blub") == "A colleague it is."
    assert talk.outcome.handover is not None
    assert (talk.outcome.handover.priority, talk.outcome.handover.node) == ("high", "main.person")


def test_a_loop_that_never_waits_is_stopped_and_named() -> None:
    round_and_round = {
        "say": MessageNode("say", 1, (Arrow("check", 1),), ("Hello.",)),
        "check": ConditionNode("check", 2, (Arrow("say", 2),)),
    }
    flows = FlowSet(1, {"main": Flow("main", "main.yaml", "say", round_and_round)})
    with pytest.raises(InvalidFlow, match=r"main\.(say|check): more than 100 steps"):
        Talk(flows)


def test_flows_that_call_each_other_without_end_are_stopped() -> None:
    listen = NluNode("listen", 1, (Arrow("again", 1),))
    again = Flow("again", "again.yaml", "listen", {"listen": listen})
    flows = FlowSet(1, {"main": Flow("main", "main.yaml", "listen", {"listen": listen}), "again": again})
    talk = Talk(flows)
    with pytest.raises(InvalidFlow, match="deep"):
        talk.say(*["deeper"] * 60)


@pytest.mark.parametrize("frame", [Frame("main", "gone"), Frame("gone", "listen"), Frame("main", "greet")])
def test_a_state_of_other_flows_is_refused(frame: Frame) -> None:
    talk = Talk(SHOP)
    with pytest.raises(InvalidInput, match=rf"{frame.flow}\.{frame.node}"):
        take_turn(talk.flows, DialogueState((frame,)), "hello", talk.around, talk.ports, talk.heard)


def test_texts_differ_between_conversations_and_stay_within_one() -> None:
    talk = Talk(SHOP)
    said = {talk.say("hello") for _ in range(20)}
    assert said == {"Hello!", "Hi there!"}


def test_steps_name_what_was_done_and_never_what_the_customer_wrote() -> None:
    talk = Talk(SHOP)
    talk.say("refund NT-1234")
    talk.say("my secret reason")
    assert talk.outcome.steps == tuple(talk.heard.steps)
    assert not [step for step in talk.outcome.steps if "secret" in step.what]


def test_the_bot_speaks_the_customers_language_where_the_wording_is_its_own() -> None:
    talk = Talk(SHOP, language="de")
    assert "Kolleg" in talk.say("mensch")


def test_without_nlu_and_without_a_way_for_questions_a_person_takes_over() -> None:
    listen = NluNode("listen", 1, (Arrow("end", 1, intent="refund"),))
    talk = Talk(FlowSet(1, {"main": Flow("main", "main.yaml", "listen", {"listen": listen})}), Ports(nlu_down=True))
    talk.say("refund")
    assert talk.outcome.handover is not None
    assert talk.outcome.handover.reason == "not_understood"


def test_an_arrow_to_main_begins_it_anew_without_leaving_anything_open() -> None:
    talk = Talk(
        """
# main.yaml
nodes:
  - {id: greet, type: message, text: Hello., next: listen}
  - {id: listen, type: nlu, next: [default → again]}
# again.yaml
nodes:
  - {id: back, type: message, text: Once more., next: main}
"""
    )
    for _ in range(50):
        assert talk.say("more") == "Once more.\nHello."
    assert talk.state.frames == (Frame("main", "listen"),)


def test_a_value_saved_under_a_built_in_name_is_a_fault_of_the_flow() -> None:
    order = WorkNode("order", 1, (), name="refund", save_as="tenant")
    with pytest.raises(InvalidFlow, match=r"main\.order: variable 'tenant'"):
        Talk(FlowSet(1, {"main": Flow("main", "main.yaml", "order", {"order": order})}))


def test_a_template_that_cannot_be_worked_out_names_its_node() -> None:
    bad = MessageNode("greet", 1, (), ("{{ message.__class__() }}",))
    with pytest.raises(InvalidFlow, match=r"main\.greet"):
        Talk(FlowSet(1, {"main": Flow("main", "main.yaml", "greet", {"greet": bad})}))


def test_the_shipped_flows_take_a_refund_down_and_claim_no_more_than_the_ticket() -> None:
    talk = Talk(shipped_flow_set())
    assert talk.opening == ["Welcome to Shop."]
    assert talk.say("opening hours?") == "We are open from 9 to 17. [1]"
    assert "reason" in talk.say("I want a refund for NT-1234")
    assert "5 days" in talk.say("how long does it take?").replace("five", "5")
    assert "NT-1234?" in talk.say("it arrived broken")
    said = talk.say("yes please")
    assert "ticket #1000" in said
    assert "nothing has been paid out" in said
    assert dict(talk.ports.orders[0].arguments) == {"order_number": "NT-1234", "reason": "it arrived broken"}
    assert talk.state.frames == (Frame("main", "detect_intent"),)
