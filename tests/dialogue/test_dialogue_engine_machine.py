"""Any flow that loads, and anything a customer may write: the engine always says something and comes to an end."""

from __future__ import annotations

import json

from dialogue_ports import RESPONSES, TODAY, Heard, Talk
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from components.core.errors import InvalidPrompt, ModelUnavailable, WorkflowUnavailable
from components.dialogue.engine import MOST_STEPS, take_turn
from components.dialogue.flow import (
    BUILT_IN,
    Arrow,
    AskNode,
    ConditionNode,
    EndNode,
    Flow,
    FlowNode,
    FlowSet,
    HandoverNode,
    MessageNode,
    NluNode,
    Node,
    RagNode,
    SlotRule,
    WorkNode,
)
from components.dialogue.state_json import state_from_json, state_to_json

FLOW_IDS = ("main", "first", "second")
INTENTS = ("faq", "refund", "order_status", "exchange", "affirm", "chitchat")
RULES = (
    SlotRule(),
    SlotRule(pattern="NT-[0-9]{4}"),
    SlotRule("integer", minimum=1),
    SlotRule("yes_no"),
    SlotRule("date"),
    SlotRule("choice", choices={"small": "small", "large": "large"}),
)
# Turns take no other text: PostgreSQL keeps none.
STORABLE = st.characters(codec="utf-8", exclude_characters="\0")
MESSAGES = st.sampled_from(
    [
        *("hello", "refund NT-1111", "where is my order NT-2222", "swap my tent", "opening hours?", "how long?", "yes"),
        *("no", "NT-1234", "3", "today", "large", "never mind", "start over", "human", "are you a bot?", "blub", ""),
        *("🙂", "{{ tenant }}", "what is this?", "x" * 4000),
    ]
) | st.text(STORABLE, max_size=40)


@st.composite
def flow_sets(draw: st.DrawFn) -> FlowSet:
    """Arrows lead forwards within a flow or into a later flow, so that only waiting nodes can go round."""
    flows = {}
    for depth, flow_id in enumerate(FLOW_IDS):
        count = draw(st.integers(1, 5))
        nodes = [draw(node_of(flow_id, number, count, FLOW_IDS[depth + 1 :])) for number in range(count)]
        if flow_id == "main":
            nodes.append(NluNode("listen", 9, (*_intent_arrows(draw), Arrow(draw(st.sampled_from(FLOW_IDS[1:])), 9))))
        flows[flow_id] = Flow(flow_id, f"{flow_id}.yaml", "n0", {node.node_id: node for node in nodes})
    return FlowSet(1, flows)


def _intent_arrows(draw: st.DrawFn) -> tuple[Arrow, ...]:
    chosen = draw(st.lists(st.sampled_from(INTENTS), unique=True, max_size=4))
    return tuple(Arrow(draw(st.sampled_from((*FLOW_IDS[1:], *BUILT_IN))), 9, intent=intent) for intent in chosen)


@st.composite
def node_of(draw: st.DrawFn, flow_id: str, number: int, count: int, later: tuple[str, ...]) -> Node:
    node_id = f"n{number}"
    onward = [f"n{n}" for n in range(number + 1, count)] + (["listen"] if flow_id == "main" else [])
    targets = st.sampled_from([*onward, *later, *BUILT_IN])
    arrows: tuple[Arrow, ...] = (Arrow(draw(targets), number),) if draw(st.booleans()) else ()
    kinds = ["message", "ask", "nlu", "condition", "rag", "work", "handover", "end", *(["flow"] if later else [])]
    match draw(st.sampled_from(kinds)):
        case "ask":
            return AskNode(
                node_id,
                number,
                arrows,
                slot=f"s{draw(st.integers(0, 3))}",
                text="Which {{ s0 }}?",
                rule=draw(st.sampled_from(RULES)),
                entity=draw(st.sampled_from([None, "order_number", "product"])),
                attempts=draw(st.integers(1, 3)),
                give_up=draw(targets),
                again=draw(st.booleans()),
            )
        case "nlu":
            return NluNode(node_id, number, (*arrows, Arrow(draw(targets), number)))
        case "condition":
            return ConditionNode(node_id, number, (Arrow(draw(targets), number, condition="s0 == 'NT-1234'"), *arrows))
        case "rag":
            return RagNode(node_id, number, arrows, unanswered=draw(targets))
        case "work":
            name = draw(st.sampled_from(["refund", "create_ticket"]))
            return WorkNode(
                node_id, number, arrows, name=name, arguments={"a": "{{ s1 }}"}, save_as="w", failed=draw(targets)
            )
        case "flow":
            return FlowNode(node_id, number, arrows, flow=draw(st.sampled_from(later)))
        case "handover":
            return HandoverNode(node_id, number)
        case "end":
            return EndNode(node_id, number, text=draw(st.sampled_from([None, "The end."])))
        case _:
            return MessageNode(node_id, number, arrows, texts=("Say {{ s1 }} and {{ entities.product }}", "Well"))


class Conversations(RuleBasedStateMachine):
    talk: Talk | None = None

    @initialize(flows=flow_sets())
    def open(self, flows: FlowSet) -> None:
        self.talk = Talk(flows)
        self._holds()

    @rule(broken=st.sampled_from(["nlu", "knowledge", "fault", "work", "nothing"]))
    def breaks_down(self, broken: str) -> None:
        assert self.talk is not None
        self.talk.ports.nlu_down = broken == "nlu"
        away, fault = ModelUnavailable("away"), InvalidPrompt("broken")
        self.talk.ports.knowledge_error = {"knowledge": away, "fault": fault}.get(broken)
        self.talk.ports.work_error = WorkflowUnavailable("down") if broken == "work" else None

    @precondition(lambda self: self.talk is not None)
    @rule(message=MESSAGES)
    def says(self, message: str) -> None:
        talk = self.talk
        assert talk is not None
        before, ordered = talk.state, len(talk.ports.orders)
        talk.say(message)
        assert talk.outcome.replies
        assert all(reply.text.strip() for reply in talk.outcome.replies)
        assert talk.state.turns == before.turns + 1
        heard = Heard()
        again = take_turn(talk.flows, before, message, talk.around, talk.ports, heard, responses=RESPONSES, today=TODAY)
        assert again == talk.outcome
        orders = talk.ports.orders[ordered:]
        assert orders[: len(orders) // 2] == orders[len(orders) // 2 :]
        assert len({order.key for order in orders}) == len(orders) // 2
        self._holds()

    def _holds(self) -> None:
        talk = self.talk
        assert talk is not None
        assert len(talk.outcome.steps) < 3 * MOST_STEPS
        stored = json.loads(json.dumps(state_to_json(talk.state)))
        assert state_from_json(stored) == talk.state


TestConversations = Conversations.TestCase
TestConversations.settings = settings(
    max_examples=60,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
