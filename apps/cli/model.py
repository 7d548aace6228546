"""`helpdesk model`: which language models a tenant may use, whether they would answer, and what they have cost."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from apps.cli.console import out, plain_table, print_json
from apps.cli.context import AsJson, open_registry, open_workbench

if TYPE_CHECKING:
    from components.gateway.budgets import Allowance, BudgetState
    from components.gateway.model_status import ModelStatus

app = typer.Typer(help="A tenant's language models: price, health, circuit, budget.", no_args_is_help=True)

Domain = Annotated[str, typer.Argument(help="Domain of the tenant, such as northtrail.example.")]
LONGEST = 15.0


@app.command("list")
def list_models(tenant: Domain, as_json: AsJson = False) -> None:
    """The models that a tenant may use, in the order in which they are asked, each asked whether it is well.

    Example: helpdesk model list northtrail.example
    """
    with open_workbench() as workbench:
        found = workbench.tenants.get_by_domain(tenant).context
        policy = workbench.policy_for(found)
        shown = workbench.loop.run(workbench.gateway.models(found, policy), LONGEST)
    if as_json:
        print_json([asdict(each) | {key: str(getattr(each, key)) for key in _PRICES} for each in shown])
        return
    out.print(_models_table(shown))
    for each in shown:
        if each.problem is not None:
            out.print(f"{each.name}: {each.problem}", markup=False, soft_wrap=True)
    missing = [name for name in (policy.high_accuracy_model, *(policy.models or ())) if name is not None]
    for name in dict.fromkeys(missing):
        if name not in {each.name for each in shown}:
            out.print(f"{name}: the tenant names it, but HELPDESK_MODELS does not declare it", markup=False)


@app.command()
def budget(tenant: Domain, as_json: AsJson = False) -> None:
    """What a tenant has spent on language models today and this month (UTC), and its limits.

    Example: helpdesk model budget northtrail.example
    """
    state = _read_budget(tenant)
    if as_json:
        print_json(
            {
                "currency": state.currency,
                "level": state.level,
                "soft": state.soft,
                "daily": _period(state.daily),
                "monthly": _period(state.monthly),
            }
        )
        return
    table = plain_table("", "spent", "limit", "tokens", "limit", "level", "starts anew")
    for name, period in (("today", state.daily), ("this month", state.monthly)):
        table.add_row(
            name,
            _money(period.spent.money, state.currency),
            "none" if period.money_limit is None else _money(period.money_limit, state.currency),
            f"{period.spent.tokens:,}",
            "none" if period.tokens_limit is None else f"{period.tokens_limit:,}",
            period.level,
            f"{period.resets_at:%Y-%m-%d %H:%M} UTC",
        )
    out.print(table)
    if state.level != "ok":
        out.print("soft: cheaper models go first; hard: answers are quoted, no language model is asked")


_PRICES = ("input_price", "output_price")


def _read_budget(domain: str) -> BudgetState:
    import asyncio

    from components.core.errors import DatabaseUnavailable
    from components.gateway.budgets import Budgets
    from components.gateway.catalogue import load_catalogue
    from components.gateway.spending import SpendingLedger
    from components.gateway.spending_queue import SpendingQueue
    from components.helpdesk.model_policy import policy_of

    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        currency = load_catalogue(registry.settings.models).currency
        budgets = Budgets(SpendingQueue(SpendingLedger(registry.database)), currency)

        async def read() -> BudgetState:
            state = await budgets.state(tenant.context, policy_of(tenant.config))
            await budgets.close()
            return state

        state = asyncio.run(read())
    if not state.certain:
        raise DatabaseUnavailable(f"what {domain} has spent could not be read within 2 s; try again")
    return state


def _models_table(shown: list[ModelStatus]) -> Table:
    table = plain_table("model", "provider", "where", "in / out per million", "health", "circuit")
    for each in shown:
        price = f"{_short(each.input_price)} / {_short(each.output_price)} {each.currency}"
        table.add_row(
            f"{each.name} (high accuracy)" if each.high_accuracy else each.name,
            each.provider,
            "local" if each.local else "remote",
            price if each.input_price or each.output_price else "free",
            "well" if each.healthy else "down",
            each.circuit.replace("_", "-"),
        )
    return table


def _period(period: Allowance) -> dict[str, object]:
    return {
        "spent": {"money": str(period.spent.money), "tokens": period.spent.tokens},
        "limit": {
            "money": None if period.money_limit is None else str(period.money_limit),
            "tokens": period.tokens_limit,
        },
        "level": period.level,
        "resets_at": period.resets_at,
    }


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:,.4f} {currency}"


def _short(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
