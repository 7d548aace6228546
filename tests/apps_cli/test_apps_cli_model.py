"""`helpdesk model`, called as a shell would call it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from components.core.model_use import UNTOLD
from components.core.tenant import Tenant
from components.database.session import Database
from components.gateway.spending import ModelCall, SpendingLedger
from tests.apps_cli.conftest import Helpdesk

BUDGET = {"budget": {"daily": {"money": 1, "tokens": 1000}, "monthly": {"tokens": 90}}, "models": ["not-there"]}


def test_the_budget_shows_what_was_spent_of_what(
    helpdesk: Helpdesk, make_tenant: Callable[..., Tenant], database: Database
) -> None:
    tenant, other = make_tenant(config=BUDGET), make_tenant()
    call = ModelCall(
        uuid4(), "m", "openai", 60, 40, False, Decimal("0.25"), "USD", None, 0.5, datetime.now(UTC), UNTOLD
    )
    SpendingLedger(database).record(tenant.context, call)
    found = helpdesk("model", "budget", tenant.domain, "--json")
    assert found.value["daily"]["spent"] == {"money": "0.2500000000", "tokens": 100}
    assert found.value["daily"]["limit"] == {"money": "1", "tokens": 1000}
    assert (found.value["daily"]["level"], found.value["level"]) == ("ok", "hard")
    assert found.value["monthly"]["limit"] == {"money": None, "tokens": 90}
    told = helpdesk("model", "budget", tenant.domain)
    assert "0.2500 USD" in told.out
    assert "hard" in told.out
    assert helpdesk("model", "budget", other.domain, "--json").value["daily"]["spent"]["tokens"] == 0


def test_the_list_shows_health_and_what_is_not_declared(helpdesk: Helpdesk, make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant(config=BUDGET)
    (only,) = helpdesk("model", "list", tenant.domain, "--json").value
    assert (only["name"], only["healthy"], only["circuit"], only["input_price"]) == ("extractive", True, "closed", "0")
    told = helpdesk("model", "list", tenant.domain).out
    assert "free" in told
    assert "not-there: the tenant names it" in told


def test_an_unknown_tenant_is_one_line(helpdesk: Helpdesk) -> None:
    found = helpdesk("model", "budget", "nobody.example")
    assert found.status == 1
    assert "nobody.example" in found.err


def test_a_model_that_is_not_declared_is_warned_of_and_kept(helpdesk: Helpdesk, tmp_path: Path) -> None:
    assert helpdesk("tenant", "create", "Misspelt", "misspelt.example").status == 0
    file = tmp_path / "config.yaml"
    file.write_text("high_accuracy_model: nosuch\n")
    done = helpdesk("tenant", "config", "misspelt.example", str(file))
    assert done.status == 0
    assert "model 'nosuch' is not declared" in " ".join(done.err.split())
