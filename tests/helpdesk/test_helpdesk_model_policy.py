"""What a tenant's configuration says about models and money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from components.core.errors import InvalidInput
from components.gateway.policy import Budget, ModelPolicy
from components.helpdesk.model_policy import policy_of
from components.helpdesk.tenant_config import validate_config


def test_a_tenant_that_says_nothing_gets_the_local_models_without_limit() -> None:
    assert policy_of({}) == ModelPolicy()
    assert not policy_of({}).limited


def test_what_is_written_is_read_to_the_cent() -> None:
    config = {
        "high_accuracy_model": "gpt-large",
        "models": ["tgi-mistral", "qwen2.5:7b"],
        "budget": {"daily": {"money": 0.1, "tokens": 5000}, "monthly": {"money": 40}, "soft": 0.5},
    }
    assert policy_of(validate_config(config)) == ModelPolicy(
        "gpt-large", ("tgi-mistral", "qwen2.5:7b"), Budget(Decimal("0.1"), 5000), Budget(Decimal(40)), 0.5
    )


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"models": "gpt-large"}, "config.models='gpt-large'"),
        ({"models": ["no space"]}, "config.models.0='no space'"),
        ({"high_accuracy_model": ""}, "config.high_accuracy_model=''"),
        ({"budget": {"daily": {"money": -1}}}, "config.budget.daily.money=-1"),
        ({"budget": {"daily": {"money": "much"}}}, "config.budget.daily.money='much'"),
        ({"budget": {"daily": {"tokens": 1.5}}}, "config.budget.daily.tokens=1.5"),
        ({"budget": {"weekly": {}}}, "config.budget.weekly={}: Extra inputs are not permitted; allowed are daily"),
        ({"budget": {"daily": {"euros": 1}}}, "allowed are money, tokens"),
        ({"budget": {"soft": 0}}, "config.budget.soft=0"),
        ({"budget": {"soft": 1.1}}, "config.budget.soft=1.1"),
        ({"branding": {"logo": "x"}}, "allowed are primary_color, accent_color, logo_text"),
    ],
)
def test_a_bad_value_is_named_with_its_key(config: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        validate_config(config)
    assert said in raised.value.message
