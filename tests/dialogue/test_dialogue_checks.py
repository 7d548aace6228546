"""What is wrong with flows is found before anybody talks to them: where it is, and what is allowed instead."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.work import WorkKind
from components.dialogue.flow_checks import check_flows
from components.dialogue.flow_paths import silent_cycles, unreached_nodes, waits
from components.dialogue.flow_problem import FlowProblem
from components.dialogue.flow_reading import load_flows

INTENTS = frozenset({"faq", "refund", "chitchat/ask_name"})
WORK: dict[WorkKind, frozenset[str]] = {"workflow": frozenset({"refund"}), "tool": frozenset({"create_ticket"})}
END = "nodes: [{id: e, type: end}]"


def check(main: str, **others: str) -> tuple[FlowProblem, ...]:
    files = {"main.yaml": f"nodes:\n{main}", **{f"{name}.yaml": f"nodes:\n{text}" for name, text in others.items()}}
    return check_flows(files, intents=INTENTS, work=WORK)


def only(main: str, **others: str) -> FlowProblem:
    found = check(main, **others)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


@pytest.mark.parametrize(
    ("main", "line", "what"),
    [
        (
            "- {id: a, type: message, text: x, next: bb}\n- {id: b, type: end}",
            2,
            "the target 'bb': did you mean b? allowed are a, b, end, handover, main",
        ),
        ("- {id: a, type: message, text: x}\n- {id: b, type: end}", 3, "no path leads here"),
        ("- {id: a, type: nlu, next: [intent: faq → a]}", 2, "a dead end where none of its arrows fits: an nlu node"),
        ("- {id: a, type: condition, next: [{if: n, to: end}]}", 2, "a condition node needs `default → target`"),
        ("- {id: a, type: nlu, next: [default → end, intent: faq → a]}", 2, "default comes last"),
        ("- {id: a, type: nlu, next: [intent: faq → a, intent: faq → end, default → a]}", 2, "has an arrow already"),
        ("- {id: a, type: nlu, next: [intent: refnd → a, default → a]}", 2, "did you mean refund?"),
        ("- {id: a, type: message, text: x, next: a}", 2, "main.a → main.a goes round without waiting"),
        ("- {id: a, type: rag, next: a}", 2, "put an ask or an nlu node into it"),
        ("- {id: a, type: workflow, workflow: refnd}", 2, "the workflow 'refnd': did you mean refund?"),
        ("- {id: a, type: tool, tool: refund}", 2, "the tool 'refund': allowed is create_ticket"),
        ("- {id: a, type: flow, flow: sub}", 2, "the flow 'sub': allowed is main"),
        ("- {id: a, type: ask, slot: s, text: x, validate: {type: choice}}", 2, "the key choices is needed"),
        ("- {id: a, type: ask, slot: s, text: x, validate: {pattern: '('}}", 2, "is no regular expression"),
        ("- {id: a, type: ask, slot: s, text: x, validate: {pattern: '(a+)+'}}", 2, "repeats a repetition"),
        ("- {id: a, type: ask, slot: s, text: x, validate: {min: 3}}", 2, "min with the type text"),
        ("- {id: a, type: ask, slot: s, text: x, validate: {type: date, max: soon}}", 2, "or today, is needed"),
        ("- {id: a, type: ask, slot: s, text: x, validate: {type: integer, min: 9, max: 1}}", 2, "no answer fits"),
        ("- {id: a, type: ask, slot: s, text: x, validate: {type: yes_no, pattern: a}}", 2, "pattern with the type"),
        ("- id: a\n  type: message\n  text: |\n    one\n    {{ f() }}", 6, "text: Call is not allowed"),
        ("- {id: a, type: condition, next: [{if: a b, to: end}, default → end]}", 2, "next.0: 'b' stands after"),
        ("- {id: a, type: tool, tool: create_ticket, input: {x: ['{{ y']}}", 2, "input.x.0: unexpected end"),
    ],
)
def test_a_fault_is_found_in_its_line(main: str, line: int, what: str) -> None:
    problem = only(main)
    assert (problem.file, problem.line, problem.severity) == ("main.yaml", line, "error")
    assert what in problem.message


@pytest.mark.parametrize(
    ("main", "what"),
    [
        ("- {id: a, type: message, text: 'Hi {{ nmae }}'}", "nothing sets 'nmae' on the way here"),
        ("- {id: a, type: message, text: '{{ tenant.greting }}'}", "did you mean greeting?"),
        (
            "- {id: a, type: message, text: '{{ s }}', next: b}\n- {id: b, type: ask, slot: s, text: '{{ s }}?'}",
            "nothing sets 's' on the way here",
        ),
    ],
)
def test_a_variable_that_nothing_sets_is_a_warning(main: str, what: str) -> None:
    problem = only(main)
    assert problem.severity == "warning"
    assert what in problem.message
    load_flows({"main.yaml": f"nodes:\n{main}"})


def test_what_is_known_at_a_node_is_no_problem() -> None:
    text = """
- {id: a, type: ask, slot: s, text: "{{ user.anything }} {{ message }} {{ entities.plan }}", next: b}
- {id: b, type: tool, tool: create_ticket, input: {x: "{{ s }}"}, save_as: t, next: c}
- {id: c, type: message, text: "{{ t.ticket_number }} {{ of_sub }} {{ conversation.id }}", next: sub}
"""
    assert check(text, sub="- {id: a, type: ask, slot: of_sub, text: x}") == ()


def test_an_arrow_for_chitchat_is_for_all_that_begins_so() -> None:
    assert check("- {id: a, type: nlu, next: [intent: chitchat → end, default → end]}") == ()


def test_a_target_may_be_a_node_a_flow_or_built_in() -> None:
    assert check("- {id: a, type: nlu, next: [intent: faq → b, intent: refund → sub, default → handover]}\n"
                 "- {id: b, type: end}", sub="- {id: e, type: end}") == ()  # fmt: skip


def test_a_missing_main_is_an_error_that_says_which_flows_there_are() -> None:
    (problem,) = check_flows({"other.yaml": END})
    assert problem.message == "a flow 'main' is needed; there are other"
    assert "main" in check_flows({})[0].message


def test_a_loop_that_waits_is_allowed() -> None:
    assert check("- {id: a, type: message, text: x, next: b}\n- {id: b, type: nlu, next: [default → a]}") == ()
    assert check("- {id: a, type: message, text: x, next: b}\n"
                 "- {id: b, type: ask, slot: s, text: x, next: a}") == ()  # fmt: skip


def test_a_silent_loop_is_found_across_flows_and_their_calls() -> None:
    looping = "- {id: a, type: flow, flow: sub, next: a}"
    problem = only(looping, sub="- {id: m, type: message, text: x}")
    assert "main.a → main.a goes round" in problem.message
    assert check(looping, sub="- {id: m, type: nlu, next: [default → end]}") == ()


def test_flows_that_call_each_other_in_silence_are_an_error() -> None:
    found = check("- {id: a, type: flow, flow: sub}", sub="- {id: b, type: flow, flow: main}")
    assert [problem.severity for problem in found] == ["warning", "error"]
    assert "main → sub → main run each other in a ring" in found[0].message
    assert "goes round without waiting" in found[1].message


def test_flows_that_call_each_other_and_wait_are_a_warning() -> None:
    listening = "- {{id: a, type: nlu, next: [default → {}]}}"
    (problem,) = check(listening.format("one"), one=listening.format("two"), two=listening.format("one"))
    assert (problem.severity, problem.file) == ("warning", "one.yaml")
    assert "one → two → one run each other" in problem.message


def test_an_arrow_back_to_main_begins_anew_and_is_no_ring() -> None:
    assert (
        check("- {id: a, type: nlu, next: [default → sub]}", sub="- {id: b, type: message, text: x, next: main}") == ()
    )


def test_a_flow_that_main_never_runs_is_a_warning() -> None:
    problem = only("- {id: a, type: end}", lonely="- {id: b, type: end}")
    assert (problem.file, problem.severity) == ("lonely.yaml", "warning")


def test_a_broken_node_is_no_unknown_target() -> None:
    found = check("- {id: a, type: message, text: x, next: b}\n- {id: b, type: mesage}")
    assert [problem.node for problem in found] == ["b"]


NAMES = ["a", "b", "c", "d", "e"]


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, str]:
    """Two flows of up to five nodes with arrows anywhere."""
    files = {}
    for flow in ("main", "sub"):
        count = draw(st.integers(1, len(NAMES)))
        lines = []
        for name in NAMES[:count]:
            target = draw(st.sampled_from([*NAMES[:count], "sub", "end"]))
            other = draw(st.sampled_from([*NAMES[:count], "handover"]))
            lines.append(
                draw(
                    st.sampled_from(
                        [
                            f"- {{id: {name}, type: message, text: x, next: {target}}}",
                            f"- {{id: {name}, type: nlu, next: [intent: faq → {other}, default → {target}]}}",
                            f"- {{id: {name}, type: condition, next: [{{if: n, to: {other}}}, default → {target}]}}",
                            f"- {{id: {name}, type: ask, slot: s, text: x, next: {target}}}",
                            f"- {{id: {name}, type: flow, flow: sub, next: {other}}}",
                            f"- {{id: {name}, type: rag, next: {target}, unanswered: {other}}}",
                        ]
                    )
                )
            )
        files[f"{flow}.yaml"] = "nodes:\n" + "\n".join(lines)
    return files


@settings(max_examples=120, deadline=None)
@given(graphs())
def test_in_any_graph_the_loops_found_are_silent_and_each_is_closed(files: dict[str, str]) -> None:
    from components.dialogue.flow_files import read_flows

    flows = read_flows(files).plain
    cycles = silent_cycles(flows)
    for cycle in cycles:
        assert not any(waits(flows[flow].nodes[node]) for flow, node in cycle)
    lines = [str(problem) for problem in check_flows(files)]
    assert sum("goes round" in line for line in lines) == len(cycles)
    for flow in flows.values():
        assert flow.start not in unreached_nodes(flows, flow)
