"""A workflow in the form that n8n imports: one document, whoever runs it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.agents.workflows.checks import find_problems
from components.agents.workflows.json_comments import loads_commented
from components.agents.workflows.n8n_form import N8nCredential, N8nPlace, n8n_form

PLACE = N8nPlace(N8nCredential("api", "Helpdesk API"), N8nCredential("hook", "Webhooks"))


def refund() -> dict[str, Any]:
    return loads_commented(files("components.agents").joinpath("shipped/refund.json").read_text())


def by_name(form: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {node["name"]: node for node in form["nodes"]}


def after(form: dict[str, Any], name: str) -> list[str]:
    return [target["node"] for output in form["connections"].get(name, {}).get("main", []) for target in output]


def invoking(parameter: Any, *names: str) -> dict[str, Any]:
    """A workflow of one ToolInvoker with this input, after nodes that do nothing."""
    before = [{"name": name, "type": "n8n-nodes-base.noOp"} for name in names]
    tool = {"name": "Call", "type": "ToolInvoker", "parameters": {"tool": "t", "input": parameter}}
    return n8n_form({"nodes": [*before, tool]}, "x", PLACE)


def test_the_designs_workflow_becomes_nodes_of_the_package_with_expressions_of_n8n() -> None:
    nodes = by_name(n8n_form(refund(), "refund", PLACE))
    assert nodes["Start"]["type"] == "CUSTOM.autoGenExecute"
    assert nodes["Start"]["parameters"] == {"goal": "Process refund"}
    assert nodes["Create Ticket"]["type"] == "CUSTOM.toolInvoker"
    assert nodes["Create Ticket"]["parameters"] == {"tool": "create_ticket", "input": "={{ $json.toolArgs }}"}
    assert nodes["Notify User"]["parameters"]["input"] == '={{ { "ticket_id": $node["Create Ticket"].json.id } }}'
    assert nodes["Notify User"]["credentials"] == {"helpdeskApi": {"id": "api", "name": "Helpdesk API"}}


def test_it_can_be_begun_by_hand_and_by_a_webhook_that_asks_for_a_key() -> None:
    form = n8n_form(refund(), "refund", PLACE, {"order_number": "NT-1"})
    nodes = by_name(form)
    assert after(form, "By hand") == ["Example request"]
    assert json.loads(nodes["Example request"]["parameters"]["jsonOutput"]) == {"order_number": "NT-1"}
    assert after(form, "Example request") == after(form, "Request") == ["Start"]
    assert after(form, "By webhook") == ["Request"]
    assert nodes["By webhook"]["parameters"]["authentication"] == "headerAuth"
    assert nodes["By webhook"]["credentials"]["httpHeaderAuth"]["id"] == "hook"


def test_nodes_without_connections_follow_each_other_as_they_are_written() -> None:
    form = n8n_form(refund(), "refund", PLACE)
    assert (after(form, "Start"), after(form, "Create Ticket"), after(form, "Notify User")) == (
        ["Create Ticket"],
        ["Notify User"],
        [],
    )


def test_the_same_document_gives_the_same_form_so_that_an_import_replaces_the_one_before() -> None:
    assert n8n_form(refund(), "My refund!", PLACE) == n8n_form(refund(), "My refund!", PLACE)
    assert n8n_form(refund(), "My refund!", PLACE)["id"] == "helpdesk-my-refund"


def test_what_n8n_exported_stays_as_it_is_but_for_our_nodes() -> None:
    trigger = {
        "id": "1",
        "name": "Hook",
        "type": "n8n-nodes-base.webhook",
        "typeVersion": 2,
        "position": [10, 20],
        "parameters": {"path": "in", "options": {}},
    }
    choice = {
        "id": "2",
        "name": "If",
        "type": "n8n-nodes-base.if",
        "typeVersion": 2.2,
        "position": [30, 40],
        "parameters": {"conditions": {"conditions": [{"leftValue": "={{ $json.a }}", "rightValue": "{{ 1 }}"}]}},
    }
    ours = {
        "id": "3",
        "name": "Call",
        "type": "n8n-nodes-helpdesk.toolInvoker",
        "typeVersion": 1,
        "position": [50, 60],
        "parameters": {"tool": "={{ $json.tool }}", "input": {"a": [1]}, "options": {"timeLimit": 5}},
        "onError": "continueErrorOutput",
    }
    links = {"Hook": {"main": [[{"node": "If", "type": "main", "index": 0}]]}}
    form = n8n_form({"nodes": [trigger, choice, ours], "connections": links}, "x", PLACE)
    assert form["connections"] == links
    assert form["nodes"][0] == trigger
    assert form["nodes"][1]["parameters"]["conditions"]["conditions"][0] == {
        "leftValue": "={{ $json.a }}",
        "rightValue": "={{ 1 }}",
    }
    assert form["nodes"][2] == {
        **ours,
        "type": "CUSTOM.toolInvoker",
        "parameters": {"tool": "={{ $json.tool }}", "input": '{\n  "a": [\n    1\n  ]\n}', "options": {"timeLimit": 5}},
        "credentials": {"helpdeskApi": {"id": "api", "name": "Helpdesk API"}},
    }


def test_a_text_with_expressions_in_it_stays_a_text() -> None:
    written = by_name(invoking({"a": {"b": "Order {{ $json.n }}, {{ $node.My Node.json.x }}"}}, "My Node"))
    expected = '={{ { "a": { "b": "" + "Order " + ($json.n) + ", " + ($node["My Node"].json.x) } } }}'
    assert written["Call"]["parameters"]["input"] == expected


def test_a_name_that_begins_another_one_is_not_taken_for_it() -> None:
    written = by_name(invoking("{{ $node.Ask Anna.json.x }}{{ $node.Ask.json.y }}", "Ask", "Ask Anna"))
    assert written["Call"]["parameters"]["input"] == '={{ $node["Ask Anna"].json.x }}{{ $node["Ask"].json.y }}'


def test_a_document_that_has_our_triggers_names_keeps_its_own_nodes() -> None:
    form = invoking({}, "Request")
    assert len({node["name"] for node in form["nodes"]}) == len(form["nodes"]) == 6
    assert after(form, "Request'") == after(form, "Example request") == ["Request"]


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_braces_in_texts_never_end_an_expression(value: Any) -> None:
    written = by_name(invoking({"e": "{{ $json.a }}", "v": value}))["Call"]["parameters"]["input"]
    assert written.startswith("={{ ")
    assert written.endswith(" }}")
    if "{{" not in json.dumps(value, ensure_ascii=False):
        assert "}}" not in written[4:-3]


@pytest.mark.parametrize("package", ["CUSTOM", "n8n-nodes-helpdesk"])
def test_what_was_written_for_n8n_still_runs_here(package: str) -> None:
    form = n8n_form(refund(), "refund", N8nPlace(PLACE.api, PLACE.webhook, package))
    form["nodes"][-1]["parameters"]["options"] = {}  # n8n saves it along
    assert find_problems(form) == ()


def test_an_option_of_our_nodes_that_only_n8n_has_is_named() -> None:
    form = n8n_form(refund(), "refund", PLACE)
    form["nodes"][-1]["parameters"]["options"] = {"timeLimit": 5, "key": "order-1"}
    assert "'Notify User': the option 'key' is not supported" in str(find_problems(form)[0])
