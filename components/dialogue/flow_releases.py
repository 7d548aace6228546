"""Each tenant's own flows: saved as versions that never change, one of them active, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from components.core.errors import Conflict, InvalidFlow, InvalidInput
from components.core.tenant import TenantContext
from components.core.work import WorkKind
from components.database.dialogue_tables import FlowActivationRow, FlowReleaseRow
from components.database.session import Database
from components.dialogue.flow import FlowSet
from components.dialogue.flow_library import SHIPPED_VERSION, shipped_flow_set, with_shipped
from components.dialogue.flow_reading import load_flows
from components.dialogue.flow_release_rows import (
    checksum_of,
    find_equal,
    newest_version,
    one_save_at_a_time,
    read_activations,
    read_active_version,
    read_files,
)
from components.helpdesk.audit import record_action
from components.helpdesk.prompt_rows import ActivationHistory, writing
from components.helpdesk.storable import storable

# A set is read in the turn that first needs it.
LARGEST_SET = 1024 * 1024
LONGEST_AUTHOR = 200
LONGEST_NOTE = 500
_MOST_CACHED = 64


@dataclass(frozen=True)
class FlowVersion:
    """A version as lists show it. created_at: None for the shipped one, which is older than any tenant."""

    version: int
    author: str
    note: str
    created_at: datetime | None
    active: bool


class FlowReleases:
    """Versions count up from 1 for each tenant; 0 is the shipped one, active until another is. Thread-safe.

    A version holds the complete set, the shipped flows that the tenant has none of its own for among them: what a
    conversation began on goes on unchanged whatever is saved, activated or shipped later. Rows are only ever added.
    Every method raises DatabaseUnavailable.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read = lru_cache(maxsize=_MOST_CACHED)(self._load)

    def active(self, tenant: TenantContext) -> FlowSet:
        """What a new conversation begins on. Raises InvalidFlow as `at` does."""
        with self._database.tenant(tenant) as session:
            version = read_active_version(session, tenant)
        return self.at(tenant, version)

    def at(self, tenant: TenantContext, version: int) -> FlowSet:
        """The flows of a version; from memory, mostly. Raises NotFound for one that this tenant does not have, and
        InvalidFlow where a saved one does not pass what reading checks today."""
        return shipped_flow_set() if version == SHIPPED_VERSION else self._read(tenant.tenant_id, version)

    def active_version(self, session: Session, tenant: TenantContext) -> int:
        """The number of what a new conversation begins on, within a transaction of the tenant."""
        return read_active_version(session, tenant)

    def files(self, tenant: TenantContext, version: int) -> Mapping[str, str]:
        """The YAML texts of a version by file name. Raises NotFound."""
        with self._database.tenant(tenant) as session:
            return read_files(session, tenant, version)

    def versions(self, tenant: TenantContext) -> list[FlowVersion]:
        """All there are, the newest first, the shipped one last."""
        columns = (FlowReleaseRow.version, FlowReleaseRow.author, FlowReleaseRow.note, FlowReleaseRow.created_at)
        own = FlowReleaseRow.tenant_id == tenant.tenant_id
        with self._database.tenant(tenant) as session:
            rows = session.execute(select(*columns).where(own).order_by(FlowReleaseRow.version.desc())).all()
            active = read_active_version(session, tenant)
        return [
            *(FlowVersion(*row, active=row.version == active) for row in rows),
            FlowVersion(SHIPPED_VERSION, "helpdesk", "shipped", None, active == SHIPPED_VERSION),
        ]

    def save(
        self,
        tenant: TenantContext,
        files: Mapping[str, str],
        *,
        author: str,
        note: str,
        intents: frozenset[str] | None = None,
        work: Mapping[WorkKind, frozenset[str]] | None = None,
    ) -> int:
        """The version it became, not active yet; or the version that says the same already.

        files: the tenant's own, by name. intents, work: what there is for this tenant. Raises InvalidFlow where the
        complete set cannot run.
        """
        author, note = _label(author, "author", LONGEST_AUTHOR), _label(note, "note", LONGEST_NOTE)
        if not files:
            raise InvalidFlow("no flow file: at least one is needed", field="files")
        whole = with_shipped({storable(name, "files"): text for name, text in files.items()})
        size = sum(len(text.encode(errors="replace")) for text in whole.values())
        if size > LARGEST_SET:
            raise InvalidFlow(f"{size:,} bytes of flows: at most {LARGEST_SET:,} are allowed", field="files")
        load_flows(whole, intents=intents, work=work, own=files)
        checksum = checksum_of(whole)
        with writing(self._database, tenant) as session:
            one_save_at_a_time(session, tenant)
            equal = find_equal(session, tenant, checksum)
            if equal is not None:
                return equal
            version = newest_version(session, tenant) + 1
            session.add(
                FlowReleaseRow(
                    tenant_id=tenant.tenant_id,
                    version=version,
                    files=whole,
                    checksum=checksum,
                    author=author,
                    note=note,
                )
            )
            details = {"version": version, "author": author, "note": note, "checksum": checksum}
            record_action(session, tenant.tenant_id, "flows.saved", details)
        return version

    def activate(self, tenant: TenantContext, version: int, author: str) -> None:
        """New conversations begin on this version; those that run go on with theirs. Nothing is done where it is
        active already.

        Raises NotFound, Conflict where another activation came in between, and InvalidFlow where a saved version does
        not pass what reading checks today.
        """
        author = _label(author, "author", LONGEST_AUTHOR)
        with writing(self._database, tenant) as session:
            history = read_activations(session, tenant)
            if history.active != version:
                _activate(session, tenant, history, version, author, "flows.activated")

    def rollback(self, tenant: TenantContext, author: str) -> int:
        """Activates the version that was active before the active one, and returns it. Again and again it walks
        further back, to the shipped one.

        Raises Conflict where there is nothing before, or another activation came in between.
        """
        author = _label(author, "author", LONGEST_AUTHOR)
        with writing(self._database, tenant) as session:
            history = read_activations(session, tenant)
            if len(history.way) == 1:
                raise Conflict(f"version {history.active} of the flows is active, and none was before it")
            version = history.way[-2]
            _activate(session, tenant, history, version, author, "flows.rolled_back")
        return version

    def _load(self, tenant_id: UUID, version: int) -> FlowSet:
        return load_flows(self.files(TenantContext(tenant_id), version), version=version)


def _activate(
    session: Session, tenant: TenantContext, history: ActivationHistory, version: int, author: str, action: str
) -> None:
    load_flows(read_files(session, tenant, version), version=version)
    session.add(
        FlowActivationRow(tenant_id=tenant.tenant_id, sequence=history.sequence + 1, version=version, author=author)
    )
    details = {"version": version, "before": history.active, "author": author}
    record_action(session, tenant.tenant_id, action, details)


def _label(text: str, field: str, longest: int) -> str:
    text = storable(text, field).strip()
    if not text or len(text) > longest:
        raise InvalidInput(f"{field} has {len(text)} characters: 1 to {longest} are allowed", field=field)
    return text
