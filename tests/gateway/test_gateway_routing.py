"""Which model is asked first, which next, and which never."""

from __future__ import annotations

from decimal import Decimal

import pytest
from gateway_world import question
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.chat_model import Capability, ToolDefinition
from components.core.errors import BudgetExhausted, InvalidInput, ModelNotAllowed
from components.core.model_catalogue import ModelDeclaration
from components.gateway.policy import ModelPolicy
from components.gateway.pricing import cost, typical_cost
from components.gateway.routing import Candidate, Level, Route, allowed_models, plan_route

TOOLS = (ToolDefinition("refund", "Pays back.", {"type": "object"}),)


def candidate(name: str, price: int, *capabilities: Capability, local: bool = True) -> Candidate:
    declaration = ModelDeclaration(name, "openai", name, "http://x/v1", None, Decimal(price), Decimal(price), local)
    return Candidate(declaration, frozenset(capabilities))


WORLD = {
    each.declaration.name: each
    for each in (
        candidate("big", 10, "tools", "schema", local=False),
        candidate("mid", 3, "tools"),
        candidate("low", 1),
        candidate("secret", 2, "tools", local=False),
        candidate("extractive", 0),
    )
}
ACCURATE = ModelPolicy(high_accuracy_model="big", models=("mid", "low"))


def order(policy: ModelPolicy, named: str | None = None, level: Level = "ok", **asked: object) -> tuple[str, ...]:
    return plan_route(WORLD, policy, question(**asked), named=named, level=level).models


def test_the_high_accuracy_model_is_first_then_the_tenants_in_its_order() -> None:
    assert order(ACCURATE) == ("big", "mid", "low")
    assert order(ModelPolicy(models=("low", "mid"))) == ("low", "mid")


def test_a_tenant_that_names_none_gets_the_local_ones_cheapest_first() -> None:
    assert order(ModelPolicy()) == ("low", "mid")
    assert order(ModelPolicy(high_accuracy_model="big")) == ("big", "low", "mid")


def test_a_tenant_that_names_an_empty_list_is_quoted_to() -> None:
    assert plan_route(WORLD, ModelPolicy(models=()), question()) == Route(())


def test_a_named_model_is_first_and_only_local_ones_follow() -> None:
    assert order(ACCURATE, "low") == ("low", "mid")
    assert order(ACCURATE, "big") == ("big", "mid", "low")
    assert order(ACCURATE, "extractive") == ()


@pytest.mark.parametrize("name", ["secret", "not-there", "", "big "])
def test_a_model_that_is_not_the_tenants_is_refused_in_the_same_words_whether_it_exists(name: str) -> None:
    with pytest.raises(ModelNotAllowed) as raised:
        order(ACCURATE, name)
    assert raised.value.message == f"model={name!r} is not one that this tenant may use: big, mid, low, extractive"


def test_what_the_catalogue_lost_is_left_out() -> None:
    assert order(ModelPolicy(high_accuracy_model="gone", models=("gone-too", "low"))) == ("low",)


def test_only_models_that_can_do_what_is_asked_are_asked() -> None:
    assert order(ACCURATE, tools=TOOLS) == ("big", "mid")
    assert order(ACCURATE, response_schema={"type": "object"}) == ("big",)
    assert not plan_route(WORLD, ACCURATE, question(tools=TOOLS)).quoting


def test_a_named_model_that_cannot_do_it_is_the_callers_to_mend() -> None:
    with pytest.raises(InvalidInput, match=r"low.*tools"):
        order(ACCURATE, "low", tools=TOOLS)
    with pytest.raises(InvalidInput, match="quotes"):
        order(ACCURATE, "extractive", tools=TOOLS)
    with pytest.raises(InvalidInput, match="schema"):
        order(ModelPolicy(), response_schema={})


def test_past_the_soft_limit_the_cheapest_goes_first_a_named_one_too() -> None:
    assert order(ACCURATE, level="soft") == ("low", "mid", "big")
    assert order(ACCURATE, "big", "soft") == ("low", "mid", "big")


def test_past_the_hard_limit_there_is_only_quoting() -> None:
    assert plan_route(WORLD, ACCURATE, question(), level="hard") == Route((), budget=True)
    with pytest.raises(BudgetExhausted):
        order(ACCURATE, level="hard", tools=TOOLS)


def test_where_no_model_was_to_be_had_the_budget_is_no_reason() -> None:
    assert plan_route(WORLD, ModelPolicy(models=()), question(), level="hard") == Route(())


NAMES = st.sampled_from(["big", "mid", "low", "secret", "gone", "extractive"])
POLICIES = st.builds(
    ModelPolicy,
    high_accuracy_model=st.none() | NAMES,
    models=st.none() | st.lists(NAMES, max_size=6).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(POLICIES, st.none() | NAMES, st.sampled_from(["ok", "soft", "hard"]))
def test_no_route_ever_holds_a_model_that_the_tenant_may_not_use(
    policy: ModelPolicy, named: str | None, level: Level
) -> None:
    allowed = allowed_models({name: each.declaration for name, each in WORLD.items()}, policy)
    try:
        route = plan_route(WORLD, policy, question(), named=named, level=level)
    except ModelNotAllowed:
        assert named not in (*allowed, "extractive")
        return
    assert set(route.models) <= set(allowed)
    assert len(set(route.models)) == len(route.models)
    assert "extractive" not in route.models
    assert route.quoting
    if level == "soft":
        prices = [typical_cost(WORLD[name].declaration) for name in route.models]
        assert prices == sorted(prices)


@settings(max_examples=100, deadline=None)
@given(st.decimals(0, 1000, places=4), st.decimals(0, 1000, places=4), st.integers(0, 10**9), st.integers(0, 10**9))
def test_cost_is_exact_to_the_tenth_decimal(low: Decimal, high: Decimal, read: int, written: int) -> None:
    declaration = ModelDeclaration("m", "openai", input_price=low, output_price=high)
    assert abs(cost(declaration, read, written) * 1_000_000 - (read * low + written * high)) <= Decimal("1e-4")
