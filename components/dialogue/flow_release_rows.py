"""The rows behind a tenant's flows: reading versions, and the history of which one was active."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from components.core.errors import NotFound
from components.core.tenant import TenantContext
from components.database.dialogue_tables import FlowActivationRow, FlowReleaseRow
from components.dialogue.flow_library import SHIPPED_VERSION, shipped_flows
from components.helpdesk.prompt_rows import ActivationHistory, way_of


def checksum_of(files: Mapping[str, str]) -> str:
    """The same for the same texts under the same names."""
    return sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()


def read_active_version(session: Session, tenant: TenantContext) -> int:
    """What new conversations begin on."""
    newest = (
        select(FlowActivationRow.version)
        .where(FlowActivationRow.tenant_id == tenant.tenant_id)
        .order_by(FlowActivationRow.sequence.desc())
        .limit(1)
    )
    version = session.scalars(newest).one_or_none()
    return SHIPPED_VERSION if version is None else version


def read_activations(session: Session, tenant: TenantContext) -> ActivationHistory:
    """The way from the shipped version to the active one."""
    rows = session.execute(
        select(FlowActivationRow.version, FlowActivationRow.sequence)
        .where(FlowActivationRow.tenant_id == tenant.tenant_id)
        .order_by(FlowActivationRow.sequence)
    ).all()
    return ActivationHistory(way_of([row.version for row in rows]), rows[-1].sequence if rows else 0)


def read_files(session: Session, tenant: TenantContext, version: int) -> Mapping[str, str]:
    """All files of a version. Raises NotFound for one that the tenant does not have."""
    if version == SHIPPED_VERSION:
        return shipped_flows()
    row = session.get(FlowReleaseRow, (tenant.tenant_id, version))
    if row is None:
        newest = newest_version(session, tenant)
        raise NotFound(f"flows have no version {version}: there are {SHIPPED_VERSION} to {newest}", field="version")
    return {str(name): str(text) for name, text in row.files.items()}


def newest_version(session: Session, tenant: TenantContext) -> int:
    """The version saved last, that of the shipped flows where none was."""
    found = session.scalars(
        select(func.max(FlowReleaseRow.version)).where(FlowReleaseRow.tenant_id == tenant.tenant_id)
    ).one()
    return SHIPPED_VERSION if found is None else found


def find_equal(session: Session, tenant: TenantContext, checksum: str) -> int | None:
    """The newest version with exactly these files, None where there is none."""
    found = session.scalars(
        select(func.max(FlowReleaseRow.version)).where(
            FlowReleaseRow.tenant_id == tenant.tenant_id, FlowReleaseRow.checksum == checksum
        )
    ).one()
    if found is None and checksum == checksum_of(shipped_flows()):
        return SHIPPED_VERSION
    return found


def one_save_at_a_time(session: Session, tenant: TenantContext) -> None:
    """Until the transaction ends, other saves of this tenant's flows wait: equal ones become one version."""
    name = f"flows {tenant.tenant_id}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
