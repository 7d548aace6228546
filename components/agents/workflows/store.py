"""A tenant's workflows, by name and version; every tenant has the shipped ones whose names it has not taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from components.agents.run import NewRun
from components.agents.run_rows import RUNS
from components.agents.workflows.checks import check_for_tenant, check_workflow, find_problems, require_runnable
from components.agents.workflows.document import read_with_problems, read_workflow, require_none
from components.agents.workflows.library import shipped_documents
from components.agents.workflows.node_kinds import WEBHOOK_TYPE
from components.agents.workflows.workflow import Node, Problem, Workflow
from components.core.errors import Conflict, InvalidWorkflow, NotFound, RateLimited
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import WorkflowRow
from components.helpdesk.actions_config import CallerKind
from components.helpdesk.audit import record_action
from components.tools.registry import ToolRegistry

NAME = re.compile(r"[^\W_][\w .()-]{0,99}")
MOST_WORKFLOWS = 500
# Of a tenant, at once, before calls of webhooks are refused.
MOST_GOING = 1000
_ROWS = WorkflowRow.metadata.tables[WorkflowRow.__tablename__]


@dataclass(frozen=True)
class StoredWorkflow:
    """version: 0 of a shipped one. webhook: the path that starts it, None where nothing calls it."""

    name: str
    version: int
    document: Mapping[str, Any]
    webhook: str | None = None
    created_at: datetime | None = None

    def read(self) -> Workflow:
        """Raises InvalidWorkflow."""
        return read_workflow(self.document, self.name)


def workflow_names(database: Database, tenant: TenantContext) -> frozenset[str]:
    """Those that a tenant may run, the shipped ones among them. Raises DatabaseUnavailable."""
    with database.tenant(tenant) as session:
        rows = session.connection().execute(_active(tenant).limit(MOST_WORKFLOWS))
        return frozenset((*(row.name for row in rows), *shipped_documents()))


class Workflows:
    """Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database, tools: ToolRegistry) -> None:
        self._database, self._tools = database, tools

    def save(self, tenant: TenantContext, document: Mapping[str, Any], name: str = "") -> StoredWorkflow:
        """A new version, which runs from now on; the version that there is where nothing is new. name: in place of the
        document's own. Raises InvalidWorkflow with all that is wrong, Conflict for a webhook's path that is taken."""
        wanted = name or document.get("name") or ""
        if not isinstance(wanted, str) or not NAME.fullmatch(wanted):
            raise InvalidWorkflow(
                f"name={str(wanted)[:100]!r}: 1 to 100 letters, digits, spaces and . _ - ( ) are allowed, a letter or "
                "digit first",
                field="name",
            )
        workflow = read_workflow(document, wanted)
        require_none(wanted, check_workflow(workflow))
        hook = webhook_of(workflow)
        try:
            with self._database.tenant(tenant) as session:
                connection = session.connection()
                stored = self._stored(connection, tenant, wanted, document, None if hook is None else path_of(hook))
                record_action(session, tenant.tenant_id, "workflow.saved", {"name": wanted, "version": stored.version})
                return stored
        except IntegrityError as error:
            raise Conflict(f"another workflow has the webhook's path, or was saved just now: {wanted}") from error

    def get(self, tenant: TenantContext, name: str) -> StoredWorkflow:
        """The version that runs. Raises NotFound that names those there are."""
        with self._database.tenant(tenant) as session:
            row = session.connection().execute(_active(tenant).where(_ROWS.c.name == name)).one_or_none()
        if row is not None:
            return _workflow(row)
        shipped = shipped_documents().get(name)
        if shipped is not None:
            return _shipped(name, shipped)
        names = ", ".join(each.name for each in self.list(tenant))
        raise NotFound(f"there is no workflow {name[:100]!r}: there are {names}", field="name")

    def list(self, tenant: TenantContext) -> tuple[StoredWorkflow, ...]:
        """Those that run, by name, the shipped ones among them."""
        with self._database.tenant(tenant) as session:
            rows = session.connection().execute(_active(tenant).limit(MOST_WORKFLOWS))
            found = {row.name: _workflow(row) for row in rows}
        shipped = {name: _shipped(name, document) for name, document in shipped_documents().items()}
        return tuple(each for _, each in sorted({**shipped, **found}.items()))

    def remove(self, tenant: TenantContext, name: str) -> None:
        """No version of it runs any more; runs that have begun go on, and a shipped one of the name is back. Raises
        NotFound."""
        with self._database.tenant(tenant) as session:
            mine = (_ROWS.c.tenant_id == tenant.tenant_id, _ROWS.c.name == name, _ROWS.c.active)
            removed = update(_ROWS).where(*mine).values(active=False).returning(_ROWS.c.name)
            if session.connection().execute(removed).one_or_none() is None:
                raise NotFound(f"the tenant has no workflow {name[:100]!r}", field="name")
            record_action(session, tenant.tenant_id, "workflow.removed", {"name": name})

    def called(self, tenant: TenantContext, path: str) -> StoredWorkflow:
        """The workflow that a call of this webhook's path starts. Raises NotFound."""
        with self._database.tenant(tenant) as session:
            found = session.connection().execute(_active(tenant).where(_ROWS.c.webhook == path)).one_or_none()
        if found is None:
            raise NotFound(f"no workflow is called at {path[:200]!r}", field="path")
        return _workflow(found)

    def new_run(
        self,
        tenant: Tenant,
        stored: StoredWorkflow,
        given: Mapping[str, Any],
        *,
        key: str,
        caller: CallerKind,
        conversation_id: UUID | None = None,
        parent: UUID | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> NewRun:
        """What a workshop is to begin. given: the json of the item that the first node gets. Raises InvalidWorkflow
        that tells all that keeps the workflow from running for this tenant."""
        require_runnable(stored.read(), tenant, self._tools)
        return NewRun(
            "workflow",
            stored.name,
            key,
            stored.document,
            given,
            caller,
            version=stored.version,
            conversation_id=conversation_id,
            parent=parent,
            about=about or {},
        )

    def problems(
        self, document: Mapping[str, Any], name: str = "", tenant: Tenant | None = None
    ) -> tuple[Problem, ...]:
        """All that keeps a document from running, for this tenant where there is one. Raises InvalidInput for a
        configuration that does not read."""
        found = find_problems(document, name)
        if tenant is None:
            return found
        return (*found, *check_for_tenant(read_with_problems(document, name)[0], tenant, self._tools))

    def require_room(self, tenant: TenantContext) -> None:
        """For one run more that somebody outside begins. Raises RateLimited."""
        going = select(RUNS.c.run_id).where(RUNS.c.tenant_id == tenant.tenant_id, RUNS.c.wake_at.is_not(None))
        with self._database.tenant(tenant) as session:
            count = session.connection().execute(select(func.count()).select_from(going.limit(MOST_GOING).subquery()))
            if int(count.scalar_one()) >= MOST_GOING:
                raise RateLimited(f"{MOST_GOING} runs go on already: ask again later", retry_after=5.0)

    def _stored(
        self,
        connection: Connection,
        tenant: TenantContext,
        name: str,
        document: Mapping[str, Any],
        webhook: str | None,
    ) -> StoredWorkflow:
        # Saved one at a time, so that versions count up.
        lock = func.pg_advisory_xact_lock(func.hashtextextended(f"workflow {tenant.tenant_id} {name}", 0))
        connection.execute(select(lock))
        active = connection.execute(_active(tenant).where(_ROWS.c.name == name)).one_or_none()
        if active is not None and active.document == dict(document):
            return _workflow(active)
        mine = (_ROWS.c.tenant_id == tenant.tenant_id, _ROWS.c.name == name)
        newest = connection.execute(select(func.max(_ROWS.c.version)).where(*mine)).scalar_one() or 0
        if newest == 0 and self._count(connection, tenant) >= MOST_WORKFLOWS:
            raise InvalidWorkflow(f"there are {MOST_WORKFLOWS} workflows: more are not allowed", field="name")
        connection.execute(update(_ROWS).where(*mine, _ROWS.c.active).values(active=False))
        values = {
            "tenant_id": tenant.tenant_id,
            "name": name,
            "version": newest + 1,
            "document": dict(document),
            "active": True,
            "webhook": webhook,
        }
        return _workflow(connection.execute(insert(_ROWS).values(values).returning(_ROWS)).one())

    @staticmethod
    def _count(connection: Connection, tenant: TenantContext) -> int:
        query = select(func.count()).where(_ROWS.c.tenant_id == tenant.tenant_id, _ROWS.c.active)
        return int(connection.execute(query).scalar_one())


def webhook_of(workflow: Workflow) -> Node | None:
    """The node that calls from outside begin."""
    return next((node for node in workflow.nodes if node.type == WEBHOOK_TYPE and not node.disabled), None)


def path_of(hook: Node) -> str:
    """Of a webhook, without / round it."""
    return str(hook.parameters["path"]).strip("/")


def _active(tenant: TenantContext) -> Any:
    return select(_ROWS).where(_ROWS.c.tenant_id == tenant.tenant_id, _ROWS.c.active).order_by(_ROWS.c.name)


def _workflow(row: Row[Any]) -> StoredWorkflow:
    return StoredWorkflow(row.name, row.version, row.document, row.webhook, row.created_at)


def _shipped(name: str, document: Mapping[str, Any]) -> StoredWorkflow:
    return StoredWorkflow(name, 0, document)
