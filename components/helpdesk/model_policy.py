"""From a tenant's configuration to what the gateway lets it use and spend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.gateway.policy import Budget, ModelPolicy
from components.helpdesk.tenant_config import PeriodBudget, TenantConfig, read_config


def policy_of(config: Mapping[str, Any] | TenantConfig) -> ModelPolicy:
    """The policy that a tenant's config_json states. Raises InvalidInput naming key and value."""
    read = config if isinstance(config, TenantConfig) else read_config(dict(config))
    return ModelPolicy(
        high_accuracy_model=read.high_accuracy_model,
        models=read.models,
        daily=_budget(read.budget.daily),
        monthly=_budget(read.budget.monthly),
        soft=read.budget.soft,
    )


def _budget(period: PeriodBudget) -> Budget:
    return Budget(period.money, period.tokens)
