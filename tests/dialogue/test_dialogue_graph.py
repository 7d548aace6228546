"""Flows are drawn whole, and written so that they read back the same."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from components.dialogue.flow import Arrow, Flow, FlowSet, Node
from components.dialogue.flow_diagram import dot, mermaid
from components.dialogue.flow_graph import draw_flows
from components.dialogue.flow_library import shipped_flow_set
from components.dialogue.flow_reading import load_flows
from components.dialogue.flow_writing import write_flow
from tests.dialogue.test_dialogue_checks import graphs

SMALL = """
nodes:
  - {id: hello, type: message, text: Hello "you", next: listen}
  - {id: listen, type: nlu, next: [intent: refund → sub, intent: faq → again, default → handover]}
  - {id: again, type: message, text: x, next: listen}
"""


@pytest.fixture(scope="module")
def small() -> FlowSet:
    return load_flows({"main.yaml": SMALL, "sub.yaml": "nodes: [{id: a, type: flow, flow: main}]"})


def test_a_drawing_shows_where_every_arrow_goes(small: FlowSet) -> None:
    assert draw_flows(small).splitlines() == [
        "main  (main.yaml)",
        '  hello · message "Hello "you""',
        "  ↓",
        "  listen · nlu rasa_intent",
        "  ├─ refund → sub ▷",
        "  ├─ faq → again",
        '  │    again · message "x"',
        "  │    └→ listen ↺",
        "  └─ default → handover ■",
        "",
        "sub  (sub.yaml)",
        "  a · flow main",
        "  └─ runs → main ▷",
    ]


def test_a_diagram_holds_every_node_and_arrow(small: FlowSet) -> None:
    drawn = mermaid(small)
    assert drawn.startswith("flowchart TD\n")
    assert 'f0n0["hello: message #quot;Hello #quot;you#quot;#quot;"]' in drawn
    assert 'f0n1 -.->|"refund"| f1n0' in drawn
    assert 'built_in_handover(["handover"])' in drawn
    graph = dot(small)
    assert graph.startswith("digraph flows {")
    assert graph.endswith("}\n")
    assert 'f0n0 [label="hello: message \\"Hello \\"you\\"\\""];' in graph
    assert 'f0n1 -> f1n0 [label="refund", style=dashed];' in graph


def test_the_shipped_flows_are_drawn_with_every_node_once() -> None:
    flows = shipped_flow_set()
    drawn = draw_flows(flows)
    for flow in flows.flows.values():
        for node_id in flow.nodes:
            assert len(re.findall(rf"(?m)^[ │]*{node_id} · ", drawn)) >= 1
    assert drawn.count(" · ") == sum(len(flow.nodes) for flow in flows.flows.values())


def without_lines(flow: Flow) -> Flow:
    def plain(node: Node) -> Node:
        arrows = tuple(Arrow(arrow.target, 0, arrow.intent, arrow.condition) for arrow in node.arrows)
        return replace(node, line=0, arrows=arrows)

    return replace(flow, nodes={node_id: plain(node) for node_id, node in flow.nodes.items()})


def same_again(flow: Flow) -> Flow:
    (again,) = [found for found in read_alone({flow.file: write_flow(flow)}).values() if found.flow_id == flow.flow_id]
    return again


def read_alone(files: dict[str, str]) -> dict[str, Flow]:
    from components.dialogue.flow_files import read_flows

    read = read_flows(files)
    assert [str(problem) for problem in read.problems] == []
    return dict(read.plain)


def test_a_shipped_flow_is_written_as_it_is_read() -> None:
    for flow in shipped_flow_set().flows.values():
        assert without_lines(same_again(flow)) == without_lines(flow)


@settings(max_examples=80, deadline=None)
@example({"main.yaml": "nodes: [{id: a, type: message, text: x}]"}, "\x85")
@example({"main.yaml": "nodes: [{id: a, type: message, text: x}]"}, "a\u2028b")
@given(
    graphs(), st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=40)
)
def test_any_flow_is_written_as_it_is_read(files: dict[str, str], text: str) -> None:
    for flow in read_alone(files).values():
        assert without_lines(same_again(flow)) == without_lines(flow)
        assert draw_flows(FlowSet(0, {flow.flow_id: flow})).count(" · ") == len(flow.nodes)
    from components.dialogue.flow import AskNode, MessageNode, SlotRule

    nodes: dict[str, Node] = {
        "a": MessageNode("a", 0, (Arrow("b", 0),), texts=(text, "no", "12", "true"), buttons=(text,)),
        "b": AskNode("b", 0, slot="s", text=text, invalid=text, rule=SlotRule(type="choice", choices={"x": "X"})),
    }
    own = Flow("main", "main.yaml", "a", nodes)
    assert without_lines(same_again(own)) == own
