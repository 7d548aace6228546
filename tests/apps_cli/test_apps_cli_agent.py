"""`helpdesk agent`: a password is shown once, and who leaves signs in no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from components.core.errors import InvalidCredentials
from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.handover.agents import Agents
from tests.apps_cli.conftest import Helpdesk


def test_an_agents_life_from_the_first_password_to_the_last_day(
    helpdesk: Helpdesk, database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    tenant, agents = make_tenant(), Agents(database)
    anna = "anna@example.com"

    def done(*arguments: str) -> Any:
        outcome = helpdesk("agent", *arguments, "--json")
        assert outcome.status == 0, outcome.err
        return outcome.value

    made = done("create", tenant.domain, anna, "Anna", "--team", "billing")
    assert (made["name"], made["role"], made["team"]) == ("Anna", "agent", "billing")
    first = made["password"]
    assert agents.sign_in(tenant.context, anna, first).name == "Anna"
    listed = done("list", tenant.domain)
    assert [each["email"] for each in listed] == [anna]
    assert first not in str(listed)
    second = done("password", tenant.domain, anna)["password"]
    with pytest.raises(InvalidCredentials):
        agents.sign_in(tenant.context, anna, first)
    agents.sign_in(tenant.context, anna, second)
    done("deactivate", tenant.domain, anna)
    assert done("list", tenant.domain) == []
    with pytest.raises(InvalidCredentials):
        agents.sign_in(tenant.context, anna, second)
    gone = helpdesk("agent", "password", tenant.domain, anna)
    assert gone.status == 1
    assert "helpdesk agent list" in gone.err
    for wrong in ("no-address", anna):
        assert helpdesk("agent", "create", tenant.domain, wrong, "Anna").status in (1, 2)
