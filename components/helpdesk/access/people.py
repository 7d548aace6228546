"""Who signs in and who it is that asks, whatever their account is: a tenant's own people, and the admin of all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from components.core.errors import InvalidCredentials, NotFound
from components.core.settings import Settings
from components.core.tenant import Tenant, TenantContext
from components.helpdesk.access.admin import NAME, Admin, admin_password
from components.helpdesk.access.roles import Permission, Role, may
from components.helpdesk.handover.agent_tokens import AgentTokens
from components.helpdesk.handover.agents import Agents
from components.helpdesk.session_tokens import key_from
from components.helpdesk.tenants import TenantRegistry


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in, as they stand now. tenants: all that they may see, by domain. agent_id: None for the
    admin. token: shows the API that it is them."""

    name: str
    role: Role
    tenants: tuple[Tenant, ...]
    agent_id: UUID | None
    token: str = field(repr=False)

    def may(self, permission: Permission) -> bool:
        """Whether they may do that."""
        return may(self.role, permission)

    @property
    def account(self) -> str:
        """Tells people apart, whatever token they come with."""
        return NAME if self.agent_id is None else f"{self.tenants[0].tenant_id}/{self.agent_id}"


class People:
    """Signs people in and finds them by their tokens. Every method raises DatabaseUnavailable."""

    def __init__(self, tenants: TenantRegistry, agents: Agents, tokens: AgentTokens, admin: Admin) -> None:
        self._tenants, self._agents, self._tokens, self._admin = tenants, agents, tokens, admin

    def sign_in(self, domain: str, account: str, password: str) -> tuple[str, datetime]:
        """A new token, and when it expires. domain: of the tenant; not heeded for the admin. account: an e-mail
        address, or `admin`. Raises InvalidCredentials, the same whether tenant, person or password is wrong."""
        if account.strip().lower() == NAME:
            return self._admin.sign_in(password)
        tenant = self._tenants.find_by_domain(domain.strip().lower())
        # A tenant that is not there takes as long to refuse as a wrong password.
        context = tenant.context if tenant else TenantContext(uuid4())
        return self._tokens.issue(context, self._agents.sign_in(context, account, password).agent_id)

    def get(self, token: str) -> Person:
        """Whose token it is. Raises InvalidCredentials, also where person or tenant are gone."""
        try:
            signed_in = self._tokens.verify(token)
        except InvalidCredentials:
            self._admin.verify(token)
            return Person("Admin", "admin", tuple(self._tenants.list()), None, token)
        try:
            tenant = self._tenants.get(signed_in.tenant.tenant_id)
            agent = self._agents.get(tenant.context, signed_in.agent_id)
        except NotFound as error:
            raise InvalidCredentials("this account is gone: sign in with another", field="Authorization") from error
        return Person(agent.name, agent.role, (tenant,), agent.agent_id, token)


def open_people(settings: Settings, tenants: TenantRegistry, agents: Agents) -> People:
    """As every process of one helpdesk knows them. Raises InvalidSetting."""
    key = key_from(settings)
    return People(tenants, agents, AgentTokens(key), Admin(admin_password(settings), key))
