"""Flow files become flows, whatever way their arrows are written, or one error names the place."""

from __future__ import annotations

import pytest
import yaml

from components.core.errors import InvalidFlow
from components.dialogue.flow import (
    AskNode,
    ConditionNode,
    EndNode,
    FlowNode,
    HandoverNode,
    MessageNode,
    NluNode,
    RagNode,
    WorkNode,
)
from components.dialogue.flow_checks import check_flows
from components.dialogue.flow_library import shipped_flow_set, shipped_flows, with_shipped
from components.dialogue.flow_reading import load_flows
from components.dialogue.flow_schema import flow_schema
from components.dialogue.templates import render_text

# Section 6.1 of the design, to the letter.
SPEC = """nodes:
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
"""
KNOWN_WORK = {"workflow": frozenset({"refund"}), "tool": frozenset({"create_ticket"})}


def one(text: str) -> dict[str, str]:
    return {"main.yaml": text}


def problems_of(text: str) -> list[str]:
    return [str(problem) for problem in check_flows(one(text))]


def test_the_designs_own_flow_is_read_as_it_is_written() -> None:
    main = load_flows(with_shipped(one(SPEC)), version=3).main
    greet, detect = main.nodes["greet"], main.nodes["detect_intent"]
    assert isinstance(greet, MessageNode)
    assert isinstance(detect, NluNode)
    assert (main.start, greet.line, greet.arrows[0].target) == ("greet", 2, "detect_intent")
    assert [(arrow.intent, arrow.target, arrow.line) for arrow in detect.arrows] == [
        ("faq", "handle_faq", 11),
        ("refund", "start_refund_flow", 12),
        (None, "handover", 13),
    ]
    assert render_text(greet.texts[0], {"user": {}}) == "Hi, how can I help?"


@pytest.mark.parametrize(
    "written",
    [
        "[intent: faq → b, default → end]",
        "[intent: faq -> b, default -> end]",
        "[intent: faq => b, {default: end}]",
        "[{intent: faq, to: b}, end]",
    ],
)
def test_an_arrow_may_be_written_in_several_ways(written: str) -> None:
    flows = load_flows(
        one(f"nodes:\n- {{id: a, type: nlu, next: {written}}}\n- {{id: b, type: message, text: x, next: a}}")
    )
    arrows = flows.main.nodes["a"].arrows
    assert [(arrow.intent, arrow.target) for arrow in arrows] == [("faq", "b"), (None, "end")]


def test_every_type_of_node_is_read_with_all_its_keys() -> None:
    text = """
id: main
start: hello
description: All there is.
nodes:
  - {id: hello, type: message, texts: [a, b], buttons: [x], next: ask}
  - id: ask
    type: ask
    slot: size
    text: Which size?
    entity: size
    validate: {type: choice, choices: {S: [small, little], M: , 42: 42 eu}}
    invalid: S or M.
    attempts: 2
    give_up: end
    again: true
    buttons: [S, M]
    next: {default: check}
  - {id: check, type: condition, next: ["if: size == 'S' → knows", default → work]}
  - {id: knows, type: rag, query: "{{ size }}", unanswered: work, next: work}
  - {id: work, type: workflow, workflow: refund, goal: g, arguments: {a: 1}, save_as: done, failed: out, next: tool}
  - {id: tool, type: tool, tool: create_ticket, input: {b: [no]}, next: other}
  - {id: other, type: flow, flow: sub, next: out}
  - {id: out, type: handover, text: bye, priority: high}
"""
    text = text.replace('"if: size', '{if: "size').replace('→ knows"', '→ knows"}')
    nodes = load_flows({"main.yaml": text, "sub.yaml": "nodes: [{id: e, type: end, text: over}]"}).main.nodes
    hello, ask, check, knows, work, tool, other, out = nodes.values()
    assert isinstance(hello, MessageNode)
    assert (hello.texts, hello.buttons) == (("a", "b"), ("x",))
    assert isinstance(ask, AskNode)
    assert ask.rule.choices == {"s": "S", "small": "S", "little": "S", "m": "M", "42": "42", "42 eu": "42"}
    assert (ask.attempts, ask.give_up, ask.again, ask.entity, ask.invalid) == (2, "end", True, "size", "S or M.")
    assert isinstance(check, ConditionNode)
    assert check.arrows[0].condition == "size == 'S'"
    assert isinstance(knows, RagNode)
    assert (knows.query, knows.unanswered) == ("{{ size }}", "work")
    assert isinstance(work, WorkNode)
    assert (work.kind, work.name, work.goal, work.arguments, work.save_as, work.failed) == (
        *("workflow", "refund", "g"),
        *({"a": 1}, "done", "out"),
    )
    assert isinstance(tool, WorkNode)
    assert (tool.kind, tool.arguments, tool.failed) == ("tool", {"b": ["no"]}, "handover")
    assert isinstance(other, FlowNode)
    assert isinstance(out, HandoverNode)
    assert (other.flow, out.text, out.priority) == ("sub", "bye", "high")


def test_yes_and_no_are_words_and_not_truth_values() -> None:
    flows = load_flows(one("nodes: [{id: a, type: ask, slot: s, text: yes, validate: {choices: [yes, no, off]}}]"))
    ask = flows.main.nodes["a"]
    assert isinstance(ask, AskNode)
    assert ask.text == "yes"
    assert ask.rule.choices == {"yes": "yes", "no": "no", "off": "off"}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "line 1: the file is empty"),
        ("- a", "line 1: the file is a list: a mapping is needed"),
        ("nodes: []", "line 1: nodes is empty: at least 1 is needed"),
        ("nodes: [", "line 1: not YAML"),
        ("a: 1\na: 2", "line 2: the key 'a' stands twice"),
        ("nodes: &x [{id: a, type: end}]\nmore: *x", "line 1: an alias"),
        ("nodes:\n  - !!python/name:os.system ''", "line 2: the tag"),
        ("nodes: !!python/object/apply:os.system [ls]", "the tag"),
        ("nodes: [{id: a, type: end}]\n\x00", "line 2: U+0000"),
        ("nodes: [{id: a, type: end, text: \ud800}]", "line 1: U+D800"),
        ("x: " + "[" * 5000, "not YAML"),
        ("x: " + "[" * 30 + "]" * 30, "nested too deeply"),
        ("x: " + "y" * 300_000, "at most 256 KB"),
        ("noodes: []", "did you mean nodes?"),
        ("nodes: [{id: a, type: mesage, text: x}]", "node a: type is 'mesage': did you mean message? allowed are ask"),
        ("nodes: [{id: a, type: message, txt: x}]", "'txt' is no key of a message node: did you mean text?"),
        ("nodes: [{id: a, type: message}]", "a message node needs text"),
        ("nodes: [{id: a, type: message, text: 12}]", "text is 12: a list or a text is allowed"),
        ("nodes: [{id: a b, type: end}]", "id is 'a b'"),
        ("nodes: [{id: a, type: ask, text: x}]", "slot is missing: an ask node needs it"),
        ("nodes: [{id: a, type: ask, text: x, slot: user}]", "has its meaning already"),
        ("nodes:\n- {id: a, type: end}\n- {id: a, type: end}", "line 3, node a: the node 'a' stands in line 2"),
        ("start: b\nnodes: [{id: a, type: end}]", "start is 'b': allowed is a"),
        ("nodes: [{id: a, type: end, next: a}]", "'next' is no key of an end node"),
        ("nodes: [{id: a, type: message, text: x, next: [a, b]}]", "after a message node one target is allowed"),
        ("nodes: [{id: a, type: nlu, next: [{intnt: x → a}]}]", "intnt in an arrow: allowed is intent: refund"),
        ("nodes: [{id: a, type: nlu, next: [{intent: x}]}]", "leads nowhere"),
        ("nodes: [{id: a, type: nlu, next: 7}]", "7 is no arrow"),
        ("nodes: [{id: a, type: message, text: x, next: }]", "next is empty"),
        ('nodes:\n  - id: a\n    type: condition\n    next:\n      - if: "x > 1" → a', "inside the quotes"),
    ],
)
def test_a_file_that_cannot_be_read_names_the_place_and_what_is_allowed(text: str, what: str) -> None:
    found = problems_of(text)
    assert any(what in problem for problem in found), found
    with pytest.raises(InvalidFlow) as refused:
        load_flows(one(text))
    assert refused.value.field == "flows"


def test_all_that_is_wrong_is_said_at_once_and_in_order() -> None:
    text = "nodes:\n- {id: a, type: mesage}\n- {id: b, type: ask}\n- {id: c, type: message, text: '{{ f() }}'}\n"
    problems = check_flows(one(text))
    assert [problem.line for problem in problems] == [2, 3, 3, 4]
    assert {problem.node for problem in problems} == {"a", "b", "c"}


def test_too_many_files_or_nodes_are_refused() -> None:
    many = {f"f{number}.yaml": "nodes: [{id: a, type: end}]" for number in range(101)}
    assert "at most 100" in str(check_flows(many)[0])
    nodes = "\n".join(f"- {{id: n{number}, type: end}}" for number in range(501))
    assert any("at most 500" in problem for problem in problems_of(f"nodes:\n{nodes}"))


def test_two_files_cannot_be_the_same_flow() -> None:
    end = "nodes: [{id: a, type: end}]"
    found = check_flows({"main.yaml": end, "other.yaml": f"id: main\n{end}"})
    assert "other.yaml, line 1: the flow 'main' stands in main.yaml already" in map(str, found)


def test_the_shipped_flows_are_without_a_fault_and_name_what_there_is() -> None:
    assert check_flows(shipped_flows(), work=KNOWN_WORK) == ()
    flows = shipped_flow_set()
    assert (flows.version, flows.main.start) == (0, "greet")
    assert {"handle_faq", "start_refund_flow"} <= set(flows.flows)


def test_a_tenants_flow_takes_the_place_of_the_shipped_one() -> None:
    own = with_shipped({"handle_faq.yml": "nodes: [{id: a, type: rag, unanswered: end}]"})
    assert "handle_faq.yaml" not in own
    assert set(load_flows(own).flows) == set(shipped_flow_set().flows)


def test_what_is_read_is_what_the_schema_for_editors_allows() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(flow_schema())
    validator = Draft202012Validator(flow_schema())
    for text in (SPEC, *shipped_flows().values()):
        assert list(validator.iter_errors(yaml.safe_load(text))) == []


def test_an_end_may_say_a_last_word() -> None:
    end = load_flows(one("nodes: [{id: a, type: end, text: Bye}]")).main.nodes["a"]
    assert isinstance(end, EndNode)
    assert end.text == "Bye"
