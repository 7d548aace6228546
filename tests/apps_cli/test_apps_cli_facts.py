"""`helpdesk facts`: brought up to date, looked at and taken along from a terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import ConversationRow
from tests.apps_cli.conftest import Helpdesk


def test_facts_are_told_looked_at_and_taken_along(
    helpdesk: Helpdesk, database: Database, make_tenant: Callable[..., Tenant], tmp_path: Path
) -> None:
    tenant = make_tenant()
    assert "`helpdesk facts refresh" in helpdesk("facts", "status", tenant.domain).out
    with database.tenant(tenant.context) as session:
        at = datetime(2026, 11, 2, tzinfo=UTC)
        session.add(
            ConversationRow(
                conversation_id=uuid4(), tenant_id=tenant.tenant_id, channel="web", flow_version=1, created_at=at
            )
        )
    told = helpdesk("facts", "refresh", tenant.domain, "--json").value
    assert (told["rows"]["conversations"], told["months"]["conversations"]) == (1, ["2026-11"])
    assert "up to date as of" in helpdesk("facts", "refresh", tenant.domain).out
    status = helpdesk("facts", "status", tenant.domain).out
    assert "conversations" in status
    assert "2026-11" in status

    file = tmp_path / "facts.csv"
    export = ("facts", "export", tenant.domain, "conversations", "--out", str(file), "--since")
    assert "1 rows in" in helpdesk(*export, "2026-11-01").out
    assert len(file.read_text().splitlines()) == 2
    assert "0 rows in" in helpdesk(*export, "2026-11-03").out
    refused = helpdesk(*export, "2026-11-03", "--format", "xlsx")
    assert refused.status == 2
    assert "allowed is one of csv, parquet" in refused.err
