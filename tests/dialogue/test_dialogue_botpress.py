"""A Botpress bot becomes flows that run, and what does not carry over is named by node."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidFlow
from components.dialogue.botpress import ImportedFlows, import_botpress
from components.dialogue.botpress_conditions import Condition, text_template, translated
from components.dialogue.flow import AskNode, ConditionNode, HandoverNode, MessageNode, NluNode
from components.dialogue.flow_checks import check_flows
from components.dialogue.flow_reading import load_flows
from tests.dialogue.botpress_bot import CONTENT, FLOWS, flow, node


@pytest.fixture(scope="module")
def imported() -> ImportedFlows:
    return import_botpress(FLOWS, CONTENT)


def left(imported: ImportedFlows) -> str:
    return "\n".join(map(str, imported.leftovers))


def test_what_is_imported_can_run(imported: ImportedFlows) -> None:
    assert set(imported.files) == {"main.yaml", "refund.yaml"}
    assert [str(problem) for problem in check_flows(imported.files) if problem.severity == "error"] == []
    main = load_flows(imported.files).main
    assert (main.start, main.description) == ("entry", "The main flow.")
    hello, listen = main.nodes["entry"], main.nodes["listen"]
    assert isinstance(hello, MessageNode)
    assert hello.texts == ("Hi {{ user.name }}!", "Hello!")
    assert hello.arrows[0].target == "listen"
    assert isinstance(listen, NluNode)
    assert [(arrow.intent, arrow.target) for arrow in listen.arrows] == [
        ("refund", "refund"),
        ("faq", "size-choice"),
        ("stop", "give_up"),
        (None, "listen_route"),
    ]
    route = main.nodes["listen_route"]
    assert isinstance(route, ConditionNode)
    assert [(arrow.condition, arrow.target) for arrow in route.arrows] == [("tries > 3", "give_up"), (None, "sorry")]


def test_a_choice_becomes_a_question_with_answers(imported: ImportedFlows) -> None:
    nodes = load_flows(imported.files).main.nodes
    ask, route = nodes["size-choice"], nodes["size-choice_route"]
    assert isinstance(ask, AskNode)
    assert (ask.text, ask.slot, ask.attempts, ask.give_up) == ("Which size?", "size_choice", 2, "give_up")
    assert ask.rule.choices == {"small": "small", "s": "small", "large": "large", "big one": "large"}
    assert ask.buttons == ("Small", "Large")
    assert [(arrow.condition, arrow.target) for arrow in route.arrows] == [
        ("size_choice == 'small'", "sorry"),
        ("size_choice == 'large'", "listen"),
        (None, "give_up"),
    ]


def keeps(name: str, kind: str = "user", value: str = "{{event.payload.text}}") -> str:
    return f"builtin/setVariable {json.dumps({'type': kind, 'name': name, 'value': value})}"


def test_a_node_that_keeps_the_answer_becomes_a_question_and_what_it_keeps_is_known_afterwards() -> None:
    texts = {
        "name": ["Who are you?", "Your name?"],
        "mail": ["Your e-mail, {{user.fullName}}?"],
        "done": ["{{user.id}}"],
    }
    content = [
        {"id": f"builtin_text-{key}", "formData": {"text$en": text, "variations$en": more}}
        for key, (text, *more) in texts.items()
    ]
    main = flow(
        [
            node("entry", ["say #!builtin_text-name"], [("true", "mail")], [keeps("fullName"), "crm/save {}"]),
            node(
                "mail",
                ["say #!builtin_text-name", "say #!builtin_text-mail"],
                [("user.fullName === 'Bo'", "entry"), ("true", "done")],
                [keeps("mail", "temp", "{{event.preview}}")],
            ),
            node("done", ["say #!builtin_text-done"], []),
        ]
    )
    imported = import_botpress({"main.flow.json": main}, {"builtin_text.json": json.dumps(content)})
    assert [str(problem) for problem in check_flows(imported.files)] == []
    nodes = load_flows(imported.files).main.nodes
    entry, said, mail, route = (nodes[each] for each in ("entry", "mail", "mail_next", "mail_route"))
    assert isinstance(entry, AskNode)
    assert (entry.slot, entry.text, entry.arrows[0].target, entry.again) == ("full_name", "Who are you?", "mail", True)
    assert isinstance(said, MessageNode)
    assert isinstance(mail, AskNode)
    assert (mail.slot, mail.text, mail.arrows[0].target) == ("mail", "Your e-mail, {{ full_name }}?", "mail_route")
    assert [(each.condition, each.target) for each in route.arrows] == [("full_name == 'Bo'", "entry"), (None, "done")]
    assert nodes["done"] == MessageNode("done", nodes["done"].line, (), ("{{ user.id }}",))
    assert "main.entry: another way to ask it, 'Your name?'" in left(imported)
    assert "main.entry: the action 'crm/save {}'" in left(imported)


@pytest.mark.parametrize("receives", [keeps("n", value="3"), "builtin/setVariable {", "builtin/setVariable []"])
def test_what_is_kept_otherwise_than_the_answer_is_left_over(receives: str) -> None:
    main = flow([node("entry", ["say #!builtin_text-order"], [("true", "END")], [receives])])
    imported = import_botpress({"main.flow.json": main}, CONTENT)
    assert isinstance(load_flows(imported.files).main.nodes["entry"], MessageNode)
    assert "main.entry: the action 'builtin/setVariable" in left(imported)


def test_the_answers_of_a_choice_are_found_as_older_studios_write_them() -> None:
    old = {"condition": "temp['skill-choice-ret'] == \"1\"", "node": "END"}
    choice = {
        "type": "skill-call",
        "skill": "choice",
        "name": "language",
        "flow": "skills/gone.flow.json",
        "next": [old],
    }
    imported = import_botpress({"main.flow.json": flow([choice], "language")})
    assert [str(problem) for problem in check_flows(imported.files)] == []
    ask = load_flows(imported.files).main.nodes["language"]
    assert isinstance(ask, AskNode)
    assert (ask.slot, ask.rule.choices) == ("language_value", {"1": "1"})
    assert "main.language: its question is in the skill's own file, which is not there" in left(imported)


def test_a_flow_that_is_called_goes_back(imported: ImportedFlows) -> None:
    refund = load_flows(imported.files).flows["refund"]
    assert isinstance(refund.nodes["entry_next"], NluNode)
    targets = {arrow.target for arrow in refund.nodes["got_it_next"].arrows}
    assert targets == {"vip", "end"}
    assert refund.nodes["vip"].arrows[0].target == "main"


@pytest.mark.parametrize(
    "what",
    [
        "main.sorry: the placeholder {{state.$r}} in the text 'Sorry {{state.$r}}?'",
        "main.sorry: the content 'builtin_text-gone': no content file holds it",
        "main.give_up: the action 'builtin/setVariable",
        "main.listen: the condition 'lodash.isEmpty(temp.x)' to 'entry' is code",
        "main: the node 'call' is left out: nothing leads to it",
        "refund.entry: the action 'orders/check {}'",
        "refund.got_it: the placeholder {% in the text",
    ],
)
def test_what_does_not_carry_over_is_named_by_node(imported: ImportedFlows, what: str) -> None:
    assert what in left(imported)


def test_what_is_left_over_stands_in_the_file_too(imported: ImportedFlows) -> None:
    assert "  # the action 'builtin/setVariable" in imported.files["main.yaml"]


def test_a_language_may_be_chosen() -> None:
    assert "Hallo" in import_botpress(FLOWS, CONTENT, language="de").files["main.yaml"]


def test_without_its_content_a_bot_still_has_its_shape() -> None:
    imported = import_botpress({"main.flow.json": FLOWS["flows/main.flow.json"]})
    main = load_flows(imported.files | {"refund.yaml": "nodes: [{id: a, type: end}]"}).main
    assert isinstance(main.nodes["size-choice"], AskNode)
    assert "the target 'refund.flow.json' is not there" in left(imported)
    assert "the content 'builtin_text-hello'" in left(imported)


def test_a_node_of_an_unknown_kind_hands_over() -> None:
    trigger = {"name": "entry", "type": "trigger", "next": []}
    imported = import_botpress({"main.flow.json": flow([trigger])})
    assert isinstance(load_flows(imported.files).main.nodes["entry"], HandoverNode)
    assert "the node type 'trigger' does not carry over" in left(imported)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"startNode": 5}, "main: startNode is 5, which is none of its nodes: it begins at '3' for now"),
        ({"startNode": None}, "main: no startNode: it begins at '3' for now"),
        ({"nodes": [{"name": 3}, 7]}, "main: number 2 of its nodes is 7, which is no object"),
        ({"nodes": [{"name": 3}, {"name": "3"}]}, "main: a second node is called '3'"),
        ({"nodes": [{"name": 3, "onEnter": "x"}]}, "main.3: onEnter is 'x', which is no list"),
        ({"nodes": [{"name": 3, "onReceive": {}}]}, "main.3: onReceive is {}, which is no list"),
        ({"nodes": [{"name": 3, "next": {}}]}, "main.3: next is {}, which is no list"),
        ({"nodes": [{"name": 3, "next": [1]}]}, "main.3: arrow 1 is 1, which is no object"),
        ({"nodes": [{"name": 3, "content": "x"}]}, "main.3: content is 'x', which is no object"),
        ({"nodes": [{"name": 3, "timeout": "1m"}]}, "main.3: timeout is left out: '1m'"),
        ({"nodes": [{"type": "standard"}]}, "main.node: it has no name"),
        ({"nodes": [{"name": 3, "type": "skill-call", "skill": "choice", "next": 7}]}, "main.3: next is 7"),
        ({"catchAll": 4}, "main: catchAll is 4, which is no object"),
        ({"catchAll": {"next": 4}}, "main: catchAll: next is 4, which is no list"),
        ({"timeoutNode": "x"}, "main: timeoutNode is left out: 'x'"),
    ],
)
def test_what_cannot_be_read_is_left_over_and_never_dropped(written: dict[str, Any], what: str) -> None:
    text = json.dumps({"startNode": "3", "nodes": [{"name": 3}]} | written)
    assert what in left(import_botpress({"main.flow.json": text}))


def test_content_that_cannot_be_read_is_refused_or_left_over() -> None:
    with pytest.raises(InvalidFlow, match=r"builtin_text\.json: entry 1 is 7"):
        import_botpress(FLOWS, {"builtin_text.json": "[7]"})
    odd = json.dumps([{"id": "builtin_text-hello", "formData": {"text$en": "Hi", "variations$en": ["Ho", 4]}}])
    assert "main.entry: the text 4, which is no text" in left(import_botpress(FLOWS, {"builtin_text.json": odd}))


def test_a_loop_that_never_waits_is_found_by_the_check() -> None:
    turning = flow([node("entry", [], [("true", "other")]), node("other", [], [("true", "entry")])])
    found = check_flows(import_botpress({"main.flow.json": turning}).files)
    assert any("goes round without waiting" in str(problem) for problem in found)


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"main.flow.json": "{"}, "main.flow.json, line 1: not JSON"),
        ({"main.flow.json": "[]"}, "a Botpress flow is a JSON object"),
        ({"main.flow.json": '{"nodes": 1}'}, "with the key nodes, a list"),
        ({"main.flow.json": "[" * 100_000}, "not JSON: nested too deeply"),
        ({"main.flow.json": flow([{}] * 501)}, "at most 500"),
        ({"skills/choice-1.flow.json": flow([])}, "main.flow.json is needed"),
        ({"a/main.flow.json": flow([]), "b/main.flow.json": flow([])}, "two files are called 'main'"),
    ],
)
def test_a_file_that_is_none_of_botpress_is_refused(files: dict[str, str], what: str) -> None:
    with pytest.raises(InvalidFlow) as refused:
        import_botpress(files)
    assert what in refused.value.message


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("true", Condition(always=True)),
        ("event.nlu.intent.name === 'yes'", Condition(intent="yes")),
        ("!temp.valid", Condition(expression="not valid")),
        ("temp.x > 3 && session.y === 'a'", Condition(expression="x > 3 and y == 'a'")),
        ('event.preview === "hi"', Condition(expression='message == "hi"')),
        ("user.lang !== 'en'", Condition(expression="user.lang != 'en'")),
        ("temp.x === undefined", Condition(expression="not x")),
        ("temp.language === 'en'", Condition(expression="language_value == 'en'")),
        ("Number(temp['x']) > 3", None),
        ("temp.a = 3", None),
        ("process.exit()", None),
        ("a && b || c", None),
    ],
)
def test_a_condition_carries_over_where_it_only_compares(written: str, ours: Condition | None) -> None:
    assert translated(written) == ours


def test_a_text_keeps_nothing_that_would_run() -> None:
    assert text_template("{{session.firstName}} {{#if x}} {% raw") == ("{{ first_name }}  { % raw", ["{{#if x}}", "{%"])


WORDS = st.sampled_from(["entry", "a", "#", "END", "", "a.flow.json", "main.flow.json#a", "true", "temp.x", "f()"])
TEXTS = st.sampled_from(["say #!builtin_text-hello", "act {}", 'say #!x {"text": "{{ 7*\'7\' }}"}', "say", "{{"])
ANY = st.none() | st.booleans() | st.integers() | WORDS | st.lists(WORDS, max_size=2)
NODES = st.fixed_dictionaries(
    {"name": WORDS},
    optional={
        "type": st.sampled_from(["standard", "skill-call", "listen", "router", "success", "odd"]) | ANY,
        "skill": st.sampled_from(["choice", "slot"]),
        "onEnter": st.lists(TEXTS, max_size=3) | ANY,
        "onReceive": st.lists(TEXTS, max_size=2) | ANY,
        "next": st.lists(st.fixed_dictionaries({"condition": WORDS, "node": WORDS}) | ANY, max_size=3) | ANY,
        "content": ANY,
    },
)


@settings(max_examples=120, deadline=None)
@given(st.lists(NODES | ANY, max_size=5), WORDS)
def test_whatever_a_file_holds_the_import_can_be_read_back(nodes: list[Any], start: str) -> None:
    text = json.dumps({"startNode": start, "nodes": nodes, "catchAll": {"next": [{"condition": "true", "node": "a"}]}})
    imported = import_botpress({"main.flow.json": text}, CONTENT)
    problems = [str(each) for each in check_flows(imported.files) if each.severity == "error"]
    assert all("goes round without waiting" in problem for problem in problems), problems
