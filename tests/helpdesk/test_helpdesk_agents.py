"""Agents sign in with what is theirs, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable

import jwt
import pytest

from components.core.errors import Conflict, InvalidCredentials, InvalidInput, InvalidSessionToken
from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.handover.agent_tokens import AgentTokens
from components.helpdesk.handover.agents import Agents, new_password
from components.helpdesk.session_tokens import SessionTokens

SECRET = b"s" * 32


@pytest.fixture(scope="module")
def agents(database: Database) -> Agents:
    return Agents(database)


def test_an_agent_signs_in_with_their_own_password_at_their_own_tenant(
    agents: Agents, make_tenant: Callable[..., Tenant]
) -> None:
    ours, theirs = make_tenant().context, make_tenant().context
    password = new_password()
    anna = agents.create(ours, email="Anna@Example.com ", name="Anna", password=password)
    assert agents.sign_in(ours, "anna@example.com", password).agent_id == anna.agent_id
    for tenant, email, wrong in (
        (ours, "anna@example.com", password + "x"),
        (ours, "nobody@example.com", password),
        (theirs, "anna@example.com", password),
    ):
        with pytest.raises(InvalidCredentials, match="e-mail address or password"):
            agents.sign_in(tenant, email, wrong)
    agents.deactivate(ours, anna.agent_id)
    with pytest.raises(InvalidCredentials):
        agents.sign_in(ours, "anna@example.com", password)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "anna"}, "email"),
        ({"name": " "}, "name"),
        ({"password": "short"}, "password"),
        ({"role": "x"}, "role"),
    ],
)
def test_what_is_no_agent_is_refused_by_its_field(
    agents: Agents, make_tenant: Callable[..., Tenant], wrong: dict[str, str], field: str
) -> None:
    good = {"email": "a@example.com", "name": "A", "password": new_password(), "role": "agent"}
    with pytest.raises(InvalidInput) as refused:
        agents.create(make_tenant().context, **(good | wrong))  # type: ignore[arg-type]
    assert refused.value.field == field


def test_an_address_is_one_agents_within_a_tenant(agents: Agents, make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant().context
    agents.create(tenant, email="a@example.com", name="A", password=new_password())
    with pytest.raises(Conflict, match=r"a@example\.com"):
        agents.create(tenant, email="A@example.com", name="B", password=new_password())
    agents.create(make_tenant().context, email="a@example.com", name="A", password=new_password())


def test_a_token_is_its_agents_and_no_customers(make_tenant: Callable[..., Tenant], agents: Agents) -> None:
    tenant = make_tenant().context
    anna = agents.create(tenant, email="a@example.com", name="A", password=new_password())
    tokens, customers = AgentTokens(SECRET), SessionTokens(SECRET, 1)
    token, _ = tokens.issue(tenant, anna.agent_id)
    assert tokens.verify(token) == type(tokens.verify(token))(tenant, anna.agent_id)
    with pytest.raises(InvalidSessionToken):
        customers.verify(token, anna.agent_id)
    customer, _ = customers.issue(tenant.tenant_id, anna.agent_id)
    unsigned = jwt.encode(jwt.decode(token, options={"verify_signature": False}), "", algorithm="none")
    for wrong in (
        customer,
        unsigned,
        token[:-2],
        "",
        "x" * 5000,
        AgentTokens(b"t" * 32).issue(tenant, anna.agent_id)[0],
    ):
        with pytest.raises(InvalidCredentials):
            tokens.verify(wrong)
