"""The people who work at a tenant's helpdesk: made by an operator, signed in by e-mail address and password."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import scrypt
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update
from sqlalchemy.exc import IntegrityError

from components.core.errors import Conflict, InvalidCredentials, InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AgentRow
from components.helpdesk.access.roles import STAFF_ROLES, Role
from components.helpdesk.audit import record_action
from components.helpdesk.storable import storable

Presence = Literal["online", "away", "offline"]
PRESENCES: tuple[Presence, ...] = ("online", "away", "offline")
# An agent whose page is not heard of for so long is offline.
PRESENT_FOR = timedelta(seconds=60)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
LONGEST_NAME = 100

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_AGENTS = AgentRow.metadata.tables[AgentRow.__tablename__]
# OWASP's Password Storage Cheat Sheet, as of 2025, for scrypt: N=2^15, r=8, p=3.
_N, _R, _P, _MEMORY = 2**15, 8, 3, 64 * 1024 * 1024


@dataclass(frozen=True)
class Agent:
    """One person. team: "" = every team's queue. presence: as their pages last said it, offline where none is open."""

    agent_id: UUID
    email: str
    name: str
    role: Role
    team: str
    active: bool
    presence: Presence


class Agents:
    """Makes, finds and signs in agents. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, tenant: TenantContext, *, email: str, name: str, password: str, role: Role = "agent", team: str = ""
    ) -> Agent:
        """A new agent. Raises InvalidInput, Conflict where the e-mail address is another agent's."""
        values = {
            "agent_id": uuid4(),
            "tenant_id": tenant.tenant_id,
            "email": _checked_email(email),
            "name": _checked_name(name),
            "role": _checked(role, STAFF_ROLES, "role"),
            "team": storable(team, "team").strip(),
            "password": _hashed(_checked_password(password)),
        }
        try:
            with self._database.tenant(tenant) as session:
                row = session.execute(_AGENTS.insert().values(values).returning(_AGENTS)).one()
                record_action(session, tenant.tenant_id, "agent.created", {"agent_id": str(row.agent_id)})
        except IntegrityError as error:
            raise Conflict(f"email={values['email']!r}: an agent has this address already", field="email") from error
        return _agent(row)

    def get(self, tenant: TenantContext, agent_id: UUID) -> Agent:
        """Raises NotFound, also where the agent is another tenant's or has left."""
        with self._database.tenant(tenant) as session:
            row = session.execute(select(_AGENTS).where(_AGENTS.c.agent_id == agent_id)).one_or_none()
        if row is None or not row.active:
            raise NotFound(f"no agent has the id {agent_id}", field="agent_id")
        return _agent(row)

    def list(self, tenant: TenantContext) -> tuple[Agent, ...]:
        """Those who have not left, by name."""
        query = select(_AGENTS).where(_AGENTS.c.active).order_by(_AGENTS.c.name, _AGENTS.c.email)
        with self._database.tenant(tenant) as session:
            return tuple(_agent(row) for row in session.execute(query))

    def sign_in(self, tenant: TenantContext, email: str, password: str) -> Agent:
        """Raises InvalidCredentials, in the same words and time whatever was wrong."""
        with self._database.tenant(tenant) as session:
            row = session.execute(
                select(_AGENTS).where(_AGENTS.c.email == email.strip().lower(), _AGENTS.c.active)
            ).one_or_none()
        if not _matches(password[:LONGEST_PASSWORD], row.password if row else _NOBODYS) or row is None:
            raise InvalidCredentials("e-mail address or password is wrong", field="password")
        return _agent(row)

    def set_password(self, tenant: TenantContext, agent_id: UUID, password: str) -> None:
        """Raises InvalidInput, NotFound."""
        self._change(tenant, agent_id, "agent.password_set", {"password": _hashed(_checked_password(password))})

    def deactivate(self, tenant: TenantContext, agent_id: UUID) -> None:
        """They sign in no more; what they wrote stays theirs. Raises NotFound."""
        self._change(tenant, agent_id, "agent.deactivated", {"active": False, "presence": "offline"})

    def set_presence(self, tenant: TenantContext, agent_id: UUID, presence: Presence) -> Agent:
        """Told anew at least every PRESENT_FOR while a page is open. Raises InvalidInput, NotFound."""
        return self._seen(tenant, agent_id, {"presence": _checked(presence, PRESENCES, "presence")})

    def keep_presence(self, tenant: TenantContext, agent_id: UUID) -> Agent:
        """A page of theirs is open still; what they are stays as they said it. Raises NotFound."""
        return self._seen(tenant, agent_id, {})

    def leave(self, tenant: TenantContext, agent_id: UUID, *, silent_for: float) -> Agent | None:
        """Offline from now on, unless a page of theirs was heard of within the last `silent_for` seconds, whatever
        process it is connected to: then None."""
        silent = _AGENTS.c.presence_at < func.clock_timestamp() - timedelta(seconds=silent_for)
        statement = (
            update(_AGENTS)
            .where(_AGENTS.c.agent_id == agent_id, _AGENTS.c.active, silent)
            .values(presence="offline")
            .returning(_AGENTS)
        )
        with self._database.tenant(tenant) as session:
            row = session.execute(statement).one_or_none()
        return None if row is None else _agent(row)

    def _seen(self, tenant: TenantContext, agent_id: UUID, values: dict[str, Any]) -> Agent:
        statement = (
            update(_AGENTS)
            .where(_AGENTS.c.agent_id == agent_id, _AGENTS.c.active)
            .values(presence_at=func.clock_timestamp(), **values)
            .returning(_AGENTS)
        )
        with self._database.tenant(tenant) as session:
            row = session.execute(statement).one_or_none()
        if row is None:
            raise NotFound(f"no agent has the id {agent_id}", field="agent_id")
        return _agent(row)

    def _change(self, tenant: TenantContext, agent_id: UUID, action: str, values: dict[str, Any]) -> None:
        with self._database.tenant(tenant) as session:
            changed = session.execute(
                update(_AGENTS).where(_AGENTS.c.agent_id == agent_id).values(values).returning(_AGENTS.c.agent_id)
            ).one_or_none()
            if changed is None:
                raise NotFound(f"no agent has the id {agent_id}", field="agent_id")
            record_action(session, tenant.tenant_id, action, {"agent_id": str(agent_id)})


def new_password() -> str:
    """One to be handed over once."""
    return secrets.token_urlsafe(15)


def _agent(row: Row[Any]) -> Agent:
    heard = row.presence_at is not None and datetime.now(row.presence_at.tzinfo) - row.presence_at < PRESENT_FOR
    return Agent(
        row.agent_id, row.email, row.name, row.role, row.team, row.active, row.presence if heard else "offline"
    )


def _checked(value: Any, allowed: tuple[Any, ...], field: str) -> Any:
    if value not in allowed:
        raise InvalidInput(f"{field}={str(value)[:40]!r}: {', '.join(allowed)} is allowed", field=field)
    return value


def _checked_email(email: str) -> str:
    address = storable(email, "email").strip().lower()
    if not _EMAIL.fullmatch(address):
        raise InvalidInput(f"email={email[:80]!r}: an address such as anna@example.com is allowed", field="email")
    return address


def _checked_name(name: str) -> str:
    said = storable(name, "name").strip()
    if not 1 <= len(said) <= LONGEST_NAME:
        raise InvalidInput(f"name has {len(said)} characters: 1 to {LONGEST_NAME} are allowed", field="name")
    return said


def _checked_password(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(
            f"password has {len(password)} characters: {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} are allowed",
            field="password",
        )
    return password


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt${b64encode(salt).decode()}${b64encode(_derived(password, salt)).decode()}"


def _matches(password: str, stored: str) -> bool:
    _, salt, derived = stored.split("$")
    return hmac.compare_digest(_derived(password, b64decode(salt)), b64decode(derived))


def _derived(password: str, salt: bytes) -> bytes:
    return scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY, dklen=32)


# Takes as long to check as somebody's.
_NOBODYS = f"scrypt${b64encode(b'nobody').decode()}${b64encode(bytes(32)).decode()}"
