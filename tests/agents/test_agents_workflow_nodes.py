"""n8n's own nodes, in the form that n8n exports: what each does with its items."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from components.core.errors import InvalidWorkflow
from components.core.tenant import Tenant
from components.database.session import Database
from components.gateway.event_loop import EventLoopThread
from tests.agents.workflow_world import World, items

BASE = "n8n-nodes-base."


def node(name: str, kind: str, version: float = 1, **parameters: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "typeVersion": version, "parameters": parameters}


def to(*outputs: list[tuple[str, int]]) -> dict[str, Any]:
    """Connections of a node: for each output, the nodes that it goes into, and which input of theirs."""
    return {"main": [[{"node": name, "type": "main", "index": index} for name, index in each] for each in outputs]}


def in_order(*nodes: Mapping[str, Any]) -> dict[str, Any]:
    return {"nodes": list(nodes)}


def test_an_export_with_branches_an_error_output_and_a_merge_runs(workflows: World) -> None:
    name = workflows.save("triage")
    big = workflows.begin(name, "big", lines=[100, 20], order={"number": 7}, customer={"name": "Ada"})
    assert big.status == "done", big.fault
    steps = workflows.steps(big)
    assert list(steps) == ["When clicking ‘Test workflow’", "Edit Fields", "If", "Large", "Merge"]
    order = items(steps["Merge"])[0]["order"]
    assert order == {"number": 7, "total": 144, "label": "Order 7 of Ada"}
    assert items(steps["Edit Fields"])[0]["seen"] == str(steps["Edit Fields"].started_at.year)

    small = workflows.begin(name, "small", lines=[1], order={"number": 8})
    assert small.result is not None
    assert small.result["json"] == {"label": "Order 8 of nobody", "refuse": None, "number": 1}

    refused = workflows.begin(name, "refused", lines=[1], order={"number": 9}, refuse="way")
    steps = workflows.steps(refused)
    assert "Merge" not in steps
    assert items(steps["Echo"], 1)[0]["error"] == "no way"
    assert items(steps["Refused"])[0]["error_code"] == "tool_refused"
    assert items(steps["Refused"])[0]["order"]["number"] == 9


@pytest.mark.parametrize(
    ("given", "came"),
    [
        ({"name": "ada", "n": 1}, {"who": "ADA", "n": 1, "vip": True, "way": "yes"}),
        ({"name": "bob", "n": 9}, {"who": "BOB", "n": 9, "vip": True, "way": "yes"}),
        ({"name": "bob", "n": 5}, {"who": "BOB", "n": 6, "way": "no"}),
        ({"name": "zoe", "n": 0}, {"who": "ZOE", "n": 1, "way": "no"}),
    ],
)
def test_nodes_in_their_first_forms_run(workflows: World, given: dict[str, Any], came: dict[str, Any]) -> None:
    run = workflows.begin(workflows.save("first_forms"), **given)
    assert run.result is not None, run.fault
    assert run.result["nodes"]["Merge"] == came


def test_a_loop_has_a_step_for_each_pass_and_ends(workflows: World) -> None:
    name = workflows.save("loop")
    run = workflows.begin(name, most=3)
    assert list(workflows.steps(run)) == [
        "Start", "Count", "Enough?", "Count#2", "Enough?#2", "Count#3", "Enough?#3", "Enough",
    ]  # fmt: skip
    assert run.result is not None
    assert run.result["json"] == {"n": 3, "most": 3}
    endless = workflows.begin(name, "endless", seconds=60, most=10_000)
    assert endless.status == "failed"
    assert endless.fault is not None
    assert "at most 100 passes" in endless.fault.message


def test_a_switch_and_items_side_by_side_keep_to_their_items(workflows: World) -> None:
    is_b = {"leftValue": "={{ $json.kind }}", "rightValue": "b", "operator": {"type": "string", "operation": "equals"}}
    rules = {"values": [{"conditions": {"conditions": [is_b]}}]}
    first = {"name": "first", "value": "={{ $('Start').first().json.rows[0] }}", "type": "string"}
    document = {
        "nodes": [
            node("Start", BASE + "manualTrigger"),
            node("All", BASE + "set", 3.4, mode="raw", jsonOutput="={{ { rows: $json.rows } }}"),
            node("Echo", "ToolInvoker", tool="echo", input={"rows": "{{ $json.rows }}"}),
            node("Switch", BASE + "switch", 3.2, rules=rules, options={"fallbackOutput": "extra"}),
            node("B", BASE + "set", 3.4, assignments={"assignments": [first]}),
            node("Other", BASE + "noOp"),
            node("Both", BASE + "merge", 3, mode="combine", combineBy="combineByPosition"),
        ],
        "connections": {
            "Start": to([("All", 0)]),
            "All": to([("Switch", 0), ("Echo", 0)]),
            "Switch": to([("B", 0)], [("Other", 0)]),
            "Echo": to([("Both", 1)]),
            "Other": to([("Both", 0)]),
        },
    }
    run = workflows.run(document, rows=["x", "y"])
    assert run.status == "done", run.fault
    assert items(workflows.steps(run)["Both"]) == [{"rows": ["x", "y"], "number": 1}]


def test_a_wait_puts_the_run_down_and_goes_on_after_its_time(workflows: World) -> None:
    document = in_order(
        node("Wait", BASE + "wait", 1.1, amount=0.3, unit="seconds"),
        node("Until", BASE + "wait", 1.1, resume="specificTime", dateTime="={{ $now.plus({ seconds: 0.2 }).toISO() }}"),
        node("Past", BASE + "wait", 1.1, resume="specificTime", dateTime="2001-01-01T00:00:00Z"),
    )
    run = workflows.run(document, a=1)
    assert run.status == "waiting"
    until = time.monotonic() + 10
    while workflows.now(run).status != "done" and time.monotonic() < until:
        time.sleep(0.05)
        workflows.go_on()
    ended = workflows.now(run)
    assert ended.result is not None
    assert ended.result["json"] == {"a": 1}
    assert workflows.steps(ended)["Wait"].attempts == 2


def test_a_tool_that_is_down_is_tried_as_often_as_the_node_says(workflows: World) -> None:
    retried = {**node("Echo", "ToolInvoker", tool="echo"), "retryOnFail": True, "maxTries": 3, "waitBetweenTries": 10}
    workflows.echo.down = 2
    run = workflows.run(in_order(retried))
    for _ in range(2):
        assert workflows.now(run).status == "waiting"
        workflows.due(run.run_id)
        workflows.go_on()
    assert workflows.now(run).status == "done"
    assert workflows.steps(run)["Echo"].attempts == 3

    workflows.echo.down = 9
    failing = {**retried, "continueOnFail": True}
    again = workflows.run(in_order(failing, node("After", BASE + "noOp")), a=1)
    for _ in range(2):
        workflows.due(again.run_id)
        workflows.go_on()
    ended = workflows.now(again)
    assert ended.status == "done"
    assert ended.result is not None
    assert ended.result["json"] == {"a": 1, "error": "down", "error_code": "tool_unavailable"}


@pytest.mark.parametrize("approve", [True, False])
def test_a_call_that_a_person_decides_pauses_the_run(workflows: World, approve: bool) -> None:
    pay = node("Pay", "ToolInvoker", tool="pay", input={"to": "{{ $json.to }}", "at": "{{ $now }}"})
    document = in_order({**pay, "onError": "continueErrorOutput"}, node("Paid", BASE + "noOp"))
    run = workflows.run(document, to="Ada")
    assert run.status == "waiting"
    assert run.wake_at is None
    (asked,) = workflows.approvals.search(workflows.tenant.context, status="pending")
    workflows.approvals.decide(workflows.tenant.context, asked.approval_id, approve=approve, agent_id=None)
    assert workflows.go_on()
    ended = workflows.now(run)
    assert ended.status == "done"
    assert list(workflows.steps(ended)) == (["Pay", "Paid"] if approve else ["Pay"])
    assert len(workflows.pay.acted) == (1 if approve else 0)


def test_nodes_that_are_turned_off_hand_on_and_empty_branches_do_not_run(workflows: World) -> None:
    off = {**node("Off", BASE + "code", jsCode="return 1"), "disabled": True}
    rule = {"conditions": {"boolean": [{"value1": "={{ $json.go }}", "value2": True}]}}
    document = in_order(off, node("If", BASE + "if", 1, **rule), node("Then", BASE + "noOp"))
    assert list(workflows.steps(workflows.run(document, go=True))) == ["If", "Then"]
    assert list(workflows.steps(workflows.run(document, go=False))) == ["If"]


def test_all_that_keeps_a_workflow_from_running_is_named_before_anything_runs(workflows: World) -> None:
    with pytest.raises(InvalidWorkflow) as told:
        workflows.save("unsupported")
    for part in (
        "node 'Code': the type n8n-nodes-base.code is not allowed: it holds a program",
        "node 'Gmail': the type n8n-nodes-base.gmail is not supported",
        "node 'Ask': the option 'batching' is not supported",
        "node 'Ask': with credentials, the host in its url is to be written out",
        "node 'Set': {{ process.env.SECRET }}: process is outside of what an expression sees",
        "node 'Tool': {{ $node.Gone.json.id }}: there is no node 'Gone'",
    ):
        assert part in told.value.message, part
    assert "'Off'" not in told.value.message
    assert workflows.workshop.runs.search(workflows.tenant.context) == ()


def test_credentials_and_tools_that_a_tenant_lacks_are_named_before_anything_runs(workflows: World) -> None:
    ask = node(
        "Ask", BASE + "httpRequest", 4.2, url="https://shop.example/x", authentication="genericCredentialType",
        genericAuthType="httpHeaderAuth",
    )  # fmt: skip
    document = in_order(
        node("Echo", "ToolInvoker", tool="echo"),
        {**ask, "credentials": {"httpHeaderAuth": {"id": "1", "name": "Shop key"}}},
        node("Tool", "ToolInvoker", tool="crete_ticket"),
    )
    with pytest.raises(InvalidWorkflow) as told:
        workflows.run(document)
    assert "node 'Ask': the credentials 'Shop key' are not in the tenant's configuration" in told.value.message
    assert "node 'Tool': no tool is called 'crete_ticket': did you mean create_ticket?" in told.value.message
    assert workflows.echo.acted == []


def test_a_tool_that_the_tenant_does_not_permit_is_named_before_anything_runs(
    database: Database, make_tenant: Callable[..., Tenant], loop: EventLoopThread
) -> None:
    world = World(database, make_tenant(config={"tools": {"pay": {"callers": ["agent"]}}}), loop)
    with pytest.raises(InvalidWorkflow, match="node 'Pay': the tool 'pay' is not permitted to workflow"):
        world.run(in_order(node("Echo", "ToolInvoker", tool="echo"), node("Pay", "ToolInvoker", tool="pay")))
    assert world.echo.acted == []


def test_a_node_gives_no_more_items_than_are_carried(workflows: World) -> None:
    ways = [node(f"W{number}", BASE + "set", 3.4, mode="raw", jsonOutput="{}") for number in range(8)]
    both = node("Both", BASE + "merge", 3, numberInputs=8)
    document = {
        "nodes": [node("Start", BASE + "manualTrigger"), *ways, both, node("Again", BASE + "noOp")],
        "connections": {
            "Start": to([(each["name"], 0) for each in ways]),
            **{each["name"]: to([("Both", number)]) for number, each in enumerate(ways)},
            "Both": to([("Again", 0)]),
            "Again": to([(each["name"], 0) for each in ways]),
        },
    }
    run = workflows.run(document, seconds=60)
    assert run.fault is not None
    assert "more than the 1000 items that are allowed" in run.fault.message
    assert max(len(items(step)) for step in workflows.steps(run).values() if step.output) == 512
