"""Workflows as they are written, kept, and drawn."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components.agents.journal import Journal
from components.agents.pausing import HandsOver
from components.agents.workflows.checks import check_workflow, find_problems
from components.agents.workflows.document import parse_document, read_with_problems, read_workflow
from components.agents.workflows.graph import states_of
from components.agents.workflows.graph_svg import draw_svg
from components.agents.workflows.graph_text import draw_text
from components.agents.workflows.library import shipped_documents
from components.agents.workflows.n8n_form import N8nCredential, N8nPlace, n8n_form
from components.core.drawing.layers import layers_of
from components.core.errors import Conflict, InvalidInput, InvalidWorkflow, NotFound
from components.core.tenant import Tenant
from components.database.session import Database
from components.gateway.event_loop import EventLoopThread
from tests.agents.workflow_world import EXPORTS, World, items

SVG = "{http://www.w3.org/2000/svg}"
NAMES = st.sampled_from(["A", "B", "C", "A#2", "A/x", ""]) | st.text(max_size=5)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
    | st.just("={{ $json.a }}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | NAMES, inner, max_size=3),
    max_leaves=8,
)
BASE = ("if", "switch", "set", "merge", "wait", "httpRequest", "webhook", "respondToWebhook", "noOp")
TYPES = st.sampled_from(["ToolInvoker", "AutoGen.Execute", *(f"n8n-nodes-base.{name}" for name in BASE)])
PARAMETERS = (
    *("conditions", "rules", "mode", "options", "values", "assignments", "resume", "unit", "tool", "goal", "url"),
    *("path", "authentication", "genericAuthType", "responseMode", "combineBy", "numberInputs", "dataType"),
)
NESTED = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("response", "redirect", "conditions", "options", "string", "number", "rules", "values", "assignments"),
        VALUES | st.fixed_dictionaries({"response": VALUES}) | st.lists(st.fixed_dictionaries({"operator": VALUES})),
    ),
)
FIELDS = ("position", "disabled", "onError", "maxTries", "credentials", "retryOnFail")
NODES = st.fixed_dictionaries(
    {"name": NAMES | VALUES, "type": TYPES | VALUES},
    optional={
        "parameters": VALUES | st.fixed_dictionaries({}, optional=dict.fromkeys(PARAMETERS, VALUES | NESTED)),
        **dict.fromkeys(FIELDS, VALUES),
        "typeVersion": VALUES | st.sampled_from([1, 1.1, 2, 3, 3.2, 3.4, 4.2]),
    },
)
LINKS = st.dictionaries(NAMES, VALUES | st.fixed_dictionaries({"main": VALUES}), max_size=3)


@example({"nodes": [{"name": "A", "type": "ToolInvoker"}], "connections": {"A": {"main": [True, "A", {"A": 1}]}}})
@given(st.fixed_dictionaries({"nodes": st.lists(NODES, max_size=4) | VALUES}, optional={"connections": LINKS | VALUES}))
def test_no_document_is_a_fault(document: dict[str, Any]) -> None:
    for problem in find_problems(document):
        assert str(problem)
    try:
        workflow = read_workflow(document)
    except InvalidWorkflow:
        return
    assert isinstance(check_workflow(workflow), tuple)
    ElementTree.fromstring(draw_svg(workflow, {}))
    assert draw_text(workflow)


@given(st.text(max_size=80) | st.sampled_from(["{/*", "{}//", '{"nodes": [NaN]}', "[" * 9000, '{"a": "\\ud800"}']))
def test_no_text_is_a_fault(text: str) -> None:
    with suppress(InvalidWorkflow, InvalidInput):
        assert isinstance(parse_document(text), dict)


def test_comments_are_passed_over_and_texts_that_look_like_them_are_kept() -> None:
    text = '{ // one\n "a": "/* kept */ // kept", /* two\n lines */ "b": {/**/} }'
    assert parse_document(text) == {"a": "/* kept */ // kept", "b": {}}
    with pytest.raises(InvalidWorkflow, match="line 2, column 3"):
        parse_document("{ /* one */\n  x }")


@pytest.mark.parametrize("connections", [None, {}, ...])
def test_nodes_without_connections_run_in_their_order(connections: Any) -> None:
    document = {"nodes": [{"name": name, "type": "ToolInvoker"} for name in "abc"], "connections": connections}
    if connections is ...:
        del document["connections"]
    workflow = read_workflow(document)
    assert [(link.source, link.target) for link in workflow.links] == [("a", "b"), ("b", "c")]


def test_all_faults_of_form_are_told_together() -> None:
    document = {
        "nodes": [
            {"name": "A", "type": "ToolInvoker", "onError": "explode"},
            {"name": "A#2", "type": "ToolInvoker", "maxTries": "many"},
            {"name": "", "type": "ToolInvoker"},
            {"name": "B"},
        ],
        "connections": {"A": {"ai_tool": []}, "Z": {}, "A#2": {"main": [[{"node": "Y"}]]}},
    }
    with pytest.raises(InvalidWorkflow) as told:
        read_workflow(document)
    for part in ("onError='explode'", "a later pass of 'A'", "node 3 has no name", "node 'B': it has no type",
                 "type 'ai_tool' are not supported", "begin at 'Z'", "connected to 'Y'"):  # fmt: skip
        assert part in told.value.message


def test_what_our_own_nodes_have_in_n8n_is_taken(workflows: World) -> None:
    own = {
        "type": "n8n-nodes-helpdesk.toolInvoker",
        "typeVersion": 1,
        "credentials": {"helpdeskApi": {"id": "1", "name": "Helpdesk"}},
    }
    given = {"tool": "echo", "input": '={ "a": {{ $json.a }}, "b": "x" }', "options": {"timeLimit": 60}}
    dry = {"name": "Dry", **own, "parameters": {**given, "dryRun": True}}
    run = workflows.run({"nodes": [dry, {"name": "Echo", **own, "parameters": {**given, "input": '{"a": 2}'}}]}, a=1)
    assert run.status == "done", run.fault
    assert items(workflows.steps(run)["Dry"]) == [{"a": 1, "b": "x", "number": 1}]
    (made,) = workflows.registry.invocations(workflows.tenant, tool="echo")
    assert made.arguments == {"a": 2}


def test_versions_count_up_and_a_run_keeps_the_one_that_it_began_with(workflows: World) -> None:
    wait = {"name": "Wait", "type": "n8n-nodes-base.wait", "typeVersion": 1.1, "parameters": {"amount": 60}}
    name = workflows.workflows.save(workflows.tenant.context, {"nodes": [wait]}, "w").name
    run = workflows.begin(name)
    second = workflows.workflows.save(workflows.tenant.context, {"nodes": [{**wait, "name": "Later"}]}, "w")
    assert second.version == 2
    assert workflows.workflows.save(workflows.tenant.context, dict(second.document), "w").version == 2
    assert workflows.now(run).document["nodes"][0]["name"] == "Wait"
    workflows.workflows.remove(workflows.tenant.context, "w")
    with pytest.raises(NotFound, match="there are refund"):
        workflows.workflows.get(workflows.tenant.context, "w")
    assert workflows.workflows.save(workflows.tenant.context, {"nodes": [wait]}, "w").version == 3


def test_a_webhooks_path_is_one_workflows_of_a_tenant(workflows: World, make_tenant: Callable[..., Tenant]) -> None:
    hook = {"nodes": [{"name": "In", "type": "n8n-nodes-base.webhook", "parameters": {"path": "/in/"}}]}
    store, tenant, other = workflows.workflows, workflows.tenant.context, make_tenant().context
    assert store.save(tenant, hook, "one").webhook == "in"
    with pytest.raises(Conflict, match="path"):
        store.save(tenant, hook, "two")
    with pytest.raises(NotFound):
        store.called(other, "in")
    assert store.save(other, hook, "two").webhook == "in"
    assert (store.called(tenant, "in").name, store.called(other, "in").name) == ("one", "two")


def test_no_tenant_reaches_anothers_workflows(
    workflows: World, database: Database, make_tenant: Callable[..., Tenant], loop: EventLoopThread
) -> None:
    workflows.save("loop", "mine")
    other = World(database, make_tenant(), loop)
    assert [each.name for each in other.workflows.list(other.tenant.context)] == ["refund"]
    for reach in (other.workflows.get, other.workflows.remove):
        with pytest.raises(NotFound):
            reach(other.tenant.context, "mine")


def test_a_graph_stands_in_layers_and_its_loops_lead_back() -> None:
    workflow = read_workflow(parse_document((EXPORTS / "loop.json").read_text()))
    links = [(link.source, link.target) for link in workflow.links]
    layers, back = layers_of([node.name for node in workflow.nodes], links)
    assert layers == (("Start",), ("Count",), ("Enough?",), ("Enough",))
    assert back == {("Enough?", "Count")}


def test_states_are_told_by_word(workflows: World) -> None:
    run = workflows.begin("refund", order=1)
    workflow = read_workflow(shipped_documents()["refund"], "refund")
    _, steps = workflows.workshop.runs.get(workflows.tenant.context, run.run_id)
    drawn = draw_svg(workflow, states_of(workflow, run, steps), run.status)
    title, about = (ElementTree.fromstring(drawn).findtext(f"{SVG}{tag}") for tag in ("title", "desc"))
    assert title == "Workflow refund, done"
    assert about == "Start: done; Create Ticket: done; Notify User: done"
    assert "● Notify User  [ToolInvoker]  done" in draw_text(workflow, states_of(workflow, run, steps))


class GivesUp:
    """An executor that has a person go on."""

    def execute(self, journal: Journal, prefix: str, goal: str, given: Any) -> Any:
        raise HandsOver(f"{goal} is too hard", {"seen": dict(given)})


class Pays:
    """An executor whose one step a person decides about."""

    def __init__(self, world: World) -> None:
        self._world = world

    def execute(self, journal: Journal, prefix: str, goal: str, given: Any) -> Any:
        from components.agents.pausing import AwaitsApproval
        from components.tools.tool import Caller

        def pay(key: Any) -> Any:
            made = self._world.registry.invoke(
                journal.tenant, "pay", {}, Caller("orchestrator"), key=key.key, run_id=journal.run.run_id
            )
            if made.status == "waiting":
                raise AwaitsApproval(made.invocation_id)
            return made.result

        paid = journal.step(f"{prefix}pay", "tool", {}, pay)
        return {"toolArgs": {"subject": f"Paid {paid['number']}"}}


def test_a_goal_within_a_workflow_hands_over_to_a_person(
    database: Database, make_tenant: Callable[..., Tenant], loop: EventLoopThread
) -> None:
    world = World(database, make_tenant(), loop, goals=lambda _: GivesUp())
    run = world.begin("refund", order=1)
    assert (run.status, run.result) == ("handed_over", {"seen": {"order": 1}})
    workflow = read_workflow(run.document, "refund")
    states = states_of(workflow, run, world.workshop.runs.get(world.tenant.context, run.run_id)[1])
    assert {name: str(state) for name, state in states.items()} == {"Start": "left"}


def test_a_goal_within_a_workflow_waits_for_a_person_and_goes_on(
    database: Database, make_tenant: Callable[..., Tenant], loop: EventLoopThread
) -> None:
    world = World(database, make_tenant(), loop, goals=Pays)
    run = world.begin("refund", order=1)
    assert run.status == "waiting"
    (asked,) = world.approvals.search(world.tenant.context, status="pending")
    world.approvals.decide(world.tenant.context, asked.approval_id, approve=True, agent_id=None)
    assert world.go_on()
    assert world.now(run).status == "done"
    assert list(world.steps(run)) == ["Start", "Start/pay", "Create Ticket", "Notify User"]
    assert len(world.pay.acted) == 1


@pytest.mark.parametrize("name", ["refund"])
def test_what_is_exported_to_n8n_comes_back(workflows: World, name: str) -> None:
    exported = n8n_form(shipped_documents()[name], name, N8nPlace(N8nCredential("1", "A"), N8nCredential("2", "Hook")))
    workflow, found = read_with_problems(exported)
    assert found == ()
    told = [str(problem) for problem in check_workflow(workflow)]
    assert told == []
