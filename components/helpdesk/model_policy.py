"""From a tenant's configuration to what the gateway lets it use and spend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from components.core.errors import ModelNotAllowed
from components.gateway.catalogue import EXTRACTIVE, Catalogue
from components.gateway.policy import Budget, ModelPolicy
from components.gateway.routing import allowed_models
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


def only_model(catalogue: Catalogue, policy: ModelPolicy, model: str) -> ModelPolicy:
    """The same policy with one of its language models alone: where that one fails, only quoting is left. Raises
    ModelNotAllowed naming those that the tenant may use."""
    allowed = allowed_models(catalogue.models, policy)
    if model not in allowed:
        raise ModelNotAllowed(
            f"model={model!r} is not one that this tenant may use: {', '.join((*allowed, EXTRACTIVE))}", field="model"
        )
    return replace(policy, high_accuracy_model=model, models=())


def judging_policy(catalogue: Catalogue, policy: ModelPolicy, judge: str) -> ModelPolicy:
    """The same policy with the judge of its answers alone. Raises ModelNotAllowed naming those that may be it: quoting
    has no opinion."""
    allowed = allowed_models(catalogue.models, policy)
    if judge not in allowed:
        raise ModelNotAllowed(
            f"judge={judge!r} is no language model that this tenant may use: "
            f"{', '.join(allowed) or 'it may use none; declare some in HELPDESK_MODELS'}",
            field="judge",
        )
    return replace(policy, high_accuracy_model=judge, models=())


def _budget(period: PeriodBudget) -> Budget:
    return Budget(period.money, period.tokens)
