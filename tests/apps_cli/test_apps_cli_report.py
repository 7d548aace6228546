"""`helpdesk report`: figures in a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pyarrow as pa

from components.core.tenant import TenantContext
from components.helpdesk.reports.facts import CONVERSATIONS
from components.warehouse.warehouse import Warehouse
from tests.apps_cli.conftest import Helpdesk

AT = datetime(2026, 11, 20, 9)


def publish(data_dir: Path, tenant_id: str) -> None:
    tenant, warehouse = TenantContext(UUID(tenant_id)), Warehouse(data_dir)
    results = ("verified", "verified", "contained", "handed_over")
    rows = [
        {
            "tenant_id": tenant_id,
            "conversation_id": str(number),
            "channel": "web" if number else "email",
            "started_at": AT,
            "day": AT.date(),
            "ended_at": AT,
            "ended_day": AT.date(),
            "result": result,
            "resolution_seconds": 600.0,
            "rating": 5,
        }
        for number, result in enumerate(results)
    ]
    table = pa.Table.from_pylist(rows, schema=CONVERSATIONS.schema)
    manifest = warehouse.manifest(tenant)
    warehouse.publish(tenant, manifest, {CONVERSATIONS: {"2026-11": table}}, {}, AT.replace(tzinfo=UTC))


def test_the_figures_of_a_period_are_told(helpdesk: Helpdesk, data_dir: Path) -> None:
    domain = f"report-{uuid4().hex[:8]}.example"
    made = helpdesk("tenant", "create", "Report", domain, "--json").value
    period = ("--since", "2026-11-01", "--until", "2026-11-30")
    publish(data_dir, made["tenant_id"])
    shown = helpdesk("report", domain, *period)
    assert shown.status == 0, shown.err
    for part in ("Deflection rate", "75.0%", "10 min", "5.00", "complete up to 2026-11-20 09:00 UTC"):
        assert part in shown.out, part
    told = helpdesk("report", domain, *period, "--channel", "web", "--json").value
    figures = {each["name"]: each for each in told["figures"]}
    assert (figures["conversations"]["now"], figures["conversations"]["before"]) == (3, 0)
    assert figures["deflection"]["interval"]["low"] < 2 / 3 < figures["deflection"]["interval"]["high"]
    assert (told["since"], told["channels"]) == ("2026-11-01", ["web"])
    wrong = helpdesk("report", domain, "--since", "yesterday")
    assert (wrong.status, "a day such as 2026-11-30 is allowed" in wrong.err) == (2, True)


def test_how_figures_are_counted_is_told_without_a_tenant(helpdesk: Helpdesk) -> None:
    shown = helpdesk("report", "definitions")
    for part in ("Deflection rate", "bot_resolved / total_sessions", "Zendesk: Automated resolution", "Not seen here"):
        assert part in shown.out, part
