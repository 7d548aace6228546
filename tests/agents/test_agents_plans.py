"""Declared plans: read with every fault named by its line, followed through tools, permissions and approvals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.agents.plans.library import shipped_plans, tool_schemas
from components.agents.plans.plan import goal_key
from components.agents.plans.plan_reading import check_plan, read_plan
from components.agents.run import WorkRun
from components.core.errors import Conflict, InvalidInput, InvalidPlan, NotFound
from tests.agents.orchestrator_world import World

MakeWorld = Callable[..., World]

# The embedded default: no language model at all.
PLAIN: dict[str, Any] = {"high_accuracy_model": None, "models": []}
TOOLS = {
    "send": {
        "type": "object",
        "properties": {"to": {"type": "string"}, "text": {"type": "string"}},
        "required": ["to"],
        "additionalProperties": False,
    }
}
GOOD = """\
goal: Tell the customer
needs:
  email: {type: string}
may_use:
  text: {type: string}
steps:
  - id: sent
    tool: send
    when: tools.send and email
    arguments:
      to: "{{ email }}"
      text: "{{ text }}"
result:
  summary: "Told {{ email }}{% if errors.sent %}, not{% endif %}."
"""
GREET = """\
goal: Greet
needs:
  subject: {type: string}
steps:
  - id: ticket
    tool: create_ticket
    arguments: {subject: "{{ subject }}"}
result:
  number: "{{ results.ticket.ticket_number }}"
"""


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world(**PLAIN)


def result(run: WorkRun) -> dict[str, Any]:
    assert run.status == "done", run.fault
    return dict(run.result or {})


def test_a_good_plan_has_nothing_against_it() -> None:
    assert check_plan("tell.yaml", GOOD, TOOLS) == ()
    plan = read_plan("tell", GOOD, tools=TOOLS)
    assert (plan.goal, plan.steps[0].on_error, set(plan.needs)) == ("Tell the customer", "fail", {"email"})


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("goal: Tell the customer\n", "", "line 1: goal is missing"),
        ("result:\n", "outcome:\n", "'outcome' is no key of a plan: allowed are"),
        ("tool: send", "tool: sent", "line 8, step sent: no tool is called 'sent': did you mean send?"),
        ("      to:", "      too:", "step sent: 'too' is no argument of send: did you mean to? allowed are text, to"),
        ('      to: "{{ email }}"\n', "", "line 8, step sent: the argument 'to' is missing: send needs it"),
        ("{{ text }}", "{{ txt }}", "line 12, step sent: 'txt' is not known here: did you mean text?"),
        ("{{ text }}", "{{ results.sent.x }}", "no step before this one is 'sent': there are none"),
        ("errors.sent", "errors.send", "line 14: no step before this one is 'send': did you mean sent?"),
        ("{{ text }}", "{{ text.upper() }}", "line 12, step sent: template: Call is not allowed"),
        ("when: tools.send and email", "when: email = 1", "line 9, step sent: condition 'email = 1'"),
        ("when: tools.send and email", "on_error: retry", "on_error is 'retry': allowed are continue, fail, hand_over"),
        ("  text: {type: string}", "  results: {type: string}", "'results' has its meaning already"),
        ("  text: {type: string}", "  Text: {type: string}", "'Text' is no name: 1 to 64 lower-case letters"),
        ("  text: {type: string}", "  text: {type: word}", "line 5: text is no JSON Schema"),
        ("  text: {type: string}", "  email: {type: string}", "'email' stands under needs already"),
        ("  - id: sent\n", "  - id: sent\n    id: sent\n", "the key 'id' stands twice"),
        ("tool: send", "tool: &a send", "line 8"),
        ("steps:", "steps: [\n", "not YAML"),
    ],
)
def test_a_fault_is_named_by_file_line_step_and_what_is_allowed(before: str, after: str, words: str) -> None:
    assert before in GOOD
    text = GOOD.replace(before, after)
    if after == "tool: &a send":
        text = text.replace("    when:", "    on_error: *a\n    when:")
    problems = [str(problem) for problem in check_plan("tell.yaml", text, TOOLS)]
    assert any(words in each for each in problems), problems
    assert all(each.startswith("tell.yaml, line ") for each in problems)
    with pytest.raises(InvalidPlan):
        read_plan("tell", text, tools=TOOLS)


@given(st.text(alphabet="goal: stepsrult\n-{}[]'\"&*!|>0%#", max_size=200))
def test_any_text_is_a_plan_or_a_list_of_faults(text: str) -> None:
    assert check_plan("any.yaml", text, TOOLS)


def test_shipped_plans_call_tools_as_they_want_to_be_called(world: World) -> None:
    tools = tool_schemas(world.registry, world.tenant)
    assert [plan.name for plan in shipped_plans()] == ["process_refund"]
    for plan in shipped_plans():
        assert check_plan(plan.name, plan.source, tools) == ()


def test_a_refund_is_made_without_a_language_model(world: World) -> None:
    world.add_order(total=80)
    ended = result(world.begin(" process  REFUND. ", order_number="A-1", reason="Broken", email="ada@example.com"))
    assert (ended["refunded"], ended["amount"], world.refunded()) == (True, 80, 80)
    assert ended["summary"] == "The refund of order A-1 was made."
    assert ended["toolArgs"]["subject"] == "Refunded: order A-1"
    assert ended["toolArgs"]["email"] == "ada@example.com"
    assert list(ended["done"]) == ["lookup_order", "refund_order"]


def test_where_the_shops_tools_are_not_permitted_a_person_does_the_refund(make_world: MakeWorld) -> None:
    world = make_world(**PLAIN, tools={})
    world.add_order()
    ended = result(world.begin(order_number="A-1"))
    assert (ended["refunded"], world.refunded(), ended["done"]) == (False, 0, {})
    assert "To do: decide about the refund." in ended["toolArgs"]["description"]
    assert result(world.begin(key="nothing given"))["toolArgs"]["subject"] == "Refund"


def test_a_refusal_of_the_shop_is_what_the_ticket_says(world: World) -> None:
    world.add_order(status="pending")
    ended = result(world.begin(order_number="A-1"))
    assert ended["refunded"] is False
    assert "A-1 is pending: only a delivered one is refunded" in ended["toolArgs"]["description"]
    unknown = result(world.begin(key="unknown", order_number="X' OR 1=1 --"))
    assert "there is no order X' OR 1=1 --" in unknown["summary"]


@pytest.mark.parametrize("approve", [True, False])
def test_a_plan_waits_for_a_person_above_the_limit(world: World, approve: bool) -> None:
    world.add_order(total=300)
    run = world.begin(order_number="A-1")
    assert run.status == "waiting"
    world.decide(approve=approve)
    assert world.restarted().go_on()
    ended = result(world.look(run)[0])
    assert (ended["refunded"], world.refunded()) == (approve, 300 if approve else 0)
    assert approve or "a person refused it" in ended["toolArgs"]["description"]


def test_a_plan_is_followed_where_a_run_names_it_even_with_a_model(make_world: MakeWorld, model: Any) -> None:
    world = make_world()
    world.add_order()
    assert result(world.begin("Whatever", plan="process_refund", order_number="A-1"))["refunded"]
    assert model.requests == []


def test_a_goal_without_model_and_plan_is_refused_with_the_goals_there_are(world: World) -> None:
    run = world.begin("Paint the house")
    assert run.status == "failed"
    assert run.fault is not None
    assert run.fault.code == "invalid_input"
    assert "plans for 'Process refund' only" in run.fault.message
    with pytest.raises(InvalidInput, match="Process refund"):
        world.goals.check(world.tenant, "Paint the house", {})


def test_values_that_do_not_fit_are_refused_by_name(world: World) -> None:
    with pytest.raises(InvalidInput) as caught:
        world.goals.check(world.tenant, "Process refund", {"amount": "all", "reason": "broken"})
    assert caught.value.field == "amount"
    save(world, "greet", GREET)
    with pytest.raises(InvalidInput, match="needs subject") as caught:
        world.goals.check(world.tenant, "Greet", {"other": 1})
    assert caught.value.field == "subject"


def save(world: World, name: str, source: str) -> int:
    tools = tool_schemas(world.registry, world.tenant)
    return world.plans.save(world.tenant.context, name, source, author="Anna", tools=tools).version


def test_what_is_to_follow_a_step_that_fails_is_the_plans_own(world: World) -> None:
    world.add_order(status="pending")
    plan = """\
goal: {goal}
steps:
  - id: refund
    tool: refund_order
    arguments: {{order_number: A-1, amount: 5, reason: broken}}
    on_error: {on_error}
result:
  why: "{{{{ errors.refund.code }}}}"
"""
    for on_error, status in (("continue", "done"), ("hand_over", "handed_over"), ("fail", "failed")):
        save(world, on_error, plan.format(goal=on_error, on_error=on_error))
        run = world.begin(on_error, key=on_error)
        assert run.status == status
        if status != "failed":
            assert run.result is not None
            assert run.result["why"] == "tool_refused"
        if status == "handed_over":
            assert run.fault is not None
            assert "only a delivered one" in run.fault.message
            assert run.result is not None
            assert "only a delivered one" in run.result["transcript"][-1]["error"]


def test_a_tenants_own_plan_stands_before_a_shipped_one_and_goes_again(world: World) -> None:
    own = GREET.replace("goal: Greet", "goal: Process refund")
    assert save(world, "our_refund", own) == 1
    assert save(world, "our_refund", own) == 1
    assert save(world, "our_refund", own.replace("number:", "ticket:")) == 2
    assert [plan.name for plan in world.plans.list(world.tenant.context)] == ["our_refund"]
    assert "ticket" in result(world.begin(subject="Hello"))
    with pytest.raises(Conflict, match="our_refund is for"):
        save(world, "another", own)
    world.plans.remove(world.tenant.context, "our_refund", author="Anna")
    assert [plan.name for plan in world.plans.list(world.tenant.context)] == ["process_refund"]
    with pytest.raises(NotFound):
        world.plans.remove(world.tenant.context, "our_refund", author="Anna")


def test_a_run_goes_on_with_the_plan_that_it_began_with(world: World) -> None:
    world.add_order(total=300)
    run = world.begin(order_number="A-1")
    save(world, "process_refund", GREET.replace("goal: Greet", "goal: Process refund"))
    world.decide(approve=True)
    assert world.go_on()
    assert result(world.look(run)[0])["refunded"] is True


def test_no_tenant_follows_anothers_plan(world: World, make_world: MakeWorld) -> None:
    save(world, "greet", GREET)
    other = make_world(**PLAIN)
    with pytest.raises(NotFound):
        other.plans.get(other.tenant.context, "greet")
    with pytest.raises(NotFound):
        other.plans.remove(other.tenant.context, "greet", author="Eve")
    with pytest.raises(InvalidInput):
        other.goals.check(other.tenant, "Greet", {"subject": "x"})
    assert [plan.name for plan in world.plans.list(world.tenant.context)] == ["greet", "process_refund"]


def test_a_name_or_plan_that_is_not_allowed_is_not_kept(world: World) -> None:
    for name in ("", "Greet", "../greet", "a" * 65):
        with pytest.raises(InvalidPlan):
            save(world, name, GREET)
    with pytest.raises(InvalidPlan, match="no tool is called 'create_tickets'"):
        save(world, "greet", GREET.replace("create_ticket", "create_tickets"))
    with pytest.raises(InvalidPlan, match="at most 65,536"):
        save(world, "greet", GREET + "#" * 70_000)


def test_capitals_blanks_and_a_full_stop_make_no_other_goal() -> None:
    assert goal_key(" Process\n refund. ") == goal_key("process refund")
    assert goal_key("process refunds") != goal_key("process refund")
