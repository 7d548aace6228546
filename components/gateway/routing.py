"""Which models a request may be answered by, and in which order they are asked (section 5.2 of the design)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from components.core.chat_model import Capability, ChatRequest
from components.core.errors import BudgetExhausted, InvalidInput, ModelNotAllowed
from components.core.model_catalogue import ModelDeclaration
from components.gateway.catalogue import EXTRACTIVE
from components.gateway.policy import ModelPolicy
from components.gateway.pricing import typical_cost

Level = Literal["ok", "soft", "hard"]


@dataclass(frozen=True)
class Candidate:
    """A model of the catalogue and what it can do."""

    declaration: ModelDeclaration
    capabilities: frozenset[Capability]


@dataclass(frozen=True)
class Route:
    """models: names, the one to ask first in front. quoting: whether the extractive model may answer where none of
    them does. budget: whether the language models were left out since the budget is used up."""

    models: tuple[str, ...]
    quoting: bool = True
    budget: bool = False


def allowed_models(catalogue: Mapping[str, ModelDeclaration], policy: ModelPolicy) -> tuple[str, ...]:
    """The language models that the tenant may use, in the order in which they are asked by themselves.

    A name that the catalogue does not have (any more) is left out: an operator who takes a model away must not
    break every tenant that named it.
    """
    if policy.models is None:
        local = [each for each in catalogue.values() if each.local]
        names = tuple(each.name for each in sorted(local, key=typical_cost))
    else:
        names = policy.models
    if policy.high_accuracy_model is not None:
        names = (policy.high_accuracy_model, *names)
    return tuple(name for name in dict.fromkeys(names) if name in catalogue and name != EXTRACTIVE)


def plan_route(
    candidates: Mapping[str, Candidate],
    policy: ModelPolicy,
    request: ChatRequest,
    *,
    named: str | None = None,
    level: Level = "ok",
) -> Route:
    """The order for one request.

    A named model goes first and the allowed local ones follow. Past the soft limit the cheapest goes first, a named
    one too: the limit is the administrator's word, the name a caller's wish. Past the hard limit only quoting is
    left.

    Raises ModelNotAllowed for a name that the tenant may not use, in the same words whether it exists or not;
    InvalidInput where none of the models can do what is asked, BudgetExhausted where none may be paid any more and
    quoting does not serve.
    """
    catalogue = {name: each.declaration for name, each in candidates.items()}
    allowed = allowed_models(catalogue, policy)
    if named is not None and named not in (*allowed, EXTRACTIVE):
        raise ModelNotAllowed(
            f"model={named!r} is not one that this tenant may use: {', '.join((*allowed, EXTRACTIVE))}", field="model"
        )
    needed = _needed(request)
    if named == EXTRACTIVE:
        if needed:
            raise InvalidInput(f"model={EXTRACTIVE!r} quotes and has no {' and no '.join(needed)}", field="model")
        return Route(())
    if named is not None:
        _require(candidates[named], needed)
        order = (named, *(name for name in allowed if name != named and catalogue[name].local))
    else:
        order = allowed
    able = tuple(name for name in order if candidates[name].capabilities.issuperset(needed))
    if needed and not able:
        raise InvalidInput(f"none of the models that this tenant may use has {' and '.join(needed)}", field="model")
    if level == "hard":
        if needed:
            raise BudgetExhausted("the tenant's budget is used up, and quoting does not serve a request with tools")
        return Route((), budget=bool(able))
    if level == "soft":
        able = tuple(sorted(able, key=lambda name: typical_cost(catalogue[name])))
    return Route(able, quoting=not needed)


def _needed(request: ChatRequest) -> tuple[Capability, ...]:
    tools: tuple[Capability, ...] = ("tools",) if request.tools else ()
    schema: tuple[Capability, ...] = ("schema",) if request.response_schema is not None else ()
    return tools + schema


def _require(candidate: Candidate, needed: tuple[Capability, ...]) -> None:
    missing = [each for each in needed if each not in candidate.capabilities]
    if missing:
        raise InvalidInput(
            f"model={candidate.declaration.name!r} has no {' and no '.join(missing)}; leave it out, or name another",
            field="model",
        )
