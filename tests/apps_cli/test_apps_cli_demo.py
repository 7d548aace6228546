"""The demo tenants come with their flows, whatever the start before came to; a workbench is the bot that runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from apps.cli import demo
from apps.cli.bundled_rasa import address_file
from apps.cli.context import open_workbench
from apps.cli.demo import seed_demo_tenants
from components.bootstrap import build_registry
from components.core.errors import ToolRefused
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from components.dialogue.flow_releases import FlowReleases
from components.tools.built_in.refund_order import RefundOrder
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller

AGENTS = "agents:\n- {name: Mara, email: mara@shop.example, role: supervisor}\n"
OWN = "nodes:\n  - id: hello\n    type: message\n    text: Hello from us\n"


def test_a_demo_tenant_without_flows_gets_them_once(
    postgres: DatabaseAddresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain, folder = f"{uuid4().hex}.example", tmp_path / "deploy" / "demo" / "shop"
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "main.yaml").write_text(OWN)
    (folder / "tenant.yaml").write_text(f"name: Shop\ndomain: {domain}\nconfig: {{}}\n")
    monkeypatch.setattr(demo, "PROJECT", tmp_path)
    registry = build_registry(Settings(data_dir=tmp_path), postgres)  # type: ignore[call-arg]
    try:
        # As a start leaves it that was killed before it had begun the flows.
        tenant = registry.tenants.create("Shop", domain, {})
        keys = seed_demo_tenants(registry)
        flows = FlowReleases(registry.database)
        assert [each.version for each in flows.versions(tenant.context) if each.active] == [1]
        flows.rollback(tenant.context, "ann")
        assert seed_demo_tenants(registry) == keys
        assert [each.version for each in flows.versions(tenant.context) if each.active] == [0], "what ann chose stays"
    finally:
        registry.close()


def test_a_workbench_of_a_command_asks_the_rasa_that_up_runs(
    postgres: DatabaseAddresses, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELPDESK_DATA_DIR", str(data_dir))
    file = address_file(Settings(data_dir=data_dir))  # type: ignore[call-arg]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("http://:token@127.0.0.1:9")
    try:
        with open_workbench() as workbench:
            assert workbench.settings.rasa_url == "http://:token@127.0.0.1:9"
    finally:
        file.unlink()


def test_a_demo_tenants_agents_keep_their_passwords_from_start_to_start(
    postgres: DatabaseAddresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain, folder = f"{uuid4().hex}.example", tmp_path / "deploy" / "demo" / "shop"
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "main.yaml").write_text(OWN)
    (folder / "tenant.yaml").write_text(f"name: Shop\ndomain: {domain}\nconfig: {{}}\n{AGENTS}")
    monkeypatch.setattr(demo, "PROJECT", tmp_path)
    registry = build_registry(Settings(data_dir=tmp_path), postgres)  # type: ignore[call-arg]
    try:
        first = seed_demo_tenants(registry)
        context, password = registry.tenants.get_by_domain(domain).context, first.agents[domain]["mara@shop.example"]
        mara = registry.agents.sign_in(context, "mara@shop.example", password)
        assert mara.role == "supervisor"
        assert seed_demo_tenants(registry) == first
        kept = tmp_path / demo.KEYS_FILE
        assert kept.stat().st_mode & 0o077 == 0
        # As a start before there were agents left the file: keys alone.
        kept.write_text(f'{{"{domain}": "{first.keys[domain]}"}}')
        again = seed_demo_tenants(registry)
        assert again.keys == first.keys
        registry.agents.sign_in(context, "mara@shop.example", again.agents[domain]["mara@shop.example"])
        registry.agents.deactivate(context, mara.agent_id)
        kept.unlink()
        assert seed_demo_tenants(registry).agents[domain] == {}, "who has left is not called back"
    finally:
        registry.close()


def test_a_demo_tenants_shop_is_there_and_keeps_what_has_become_of_it(
    postgres: DatabaseAddresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain, folder = f"{uuid4().hex}.example", tmp_path / "deploy" / "demo" / "shop"
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "main.yaml").write_text(OWN)
    northtrail = demo.PROJECT / "deploy" / "demo" / "northtrail"
    described = yaml.safe_load((northtrail / "tenant.yaml").read_text(encoding="utf-8"))
    (folder / "tenant.yaml").write_text(yaml.safe_dump({**described, "domain": domain, "agents": []}))
    shutil.copy(northtrail / "shop.yaml", folder)
    monkeypatch.setattr(demo, "PROJECT", tmp_path)
    registry = build_registry(Settings(data_dir=tmp_path), postgres)  # type: ignore[call-arg]
    try:
        seed_demo_tenants(registry)
        tenant, tools = registry.tenants.get_by_domain(domain), ToolRegistry(registry.database, [RefundOrder()])
        bot = Caller("orchestrator")
        small = tools.invoke(tenant, "refund_order", {"order_number": "20418873", "reason": "x"}, bot, key="1")
        large = tools.invoke(tenant, "refund_order", {"order_number": "20418999", "reason": "x"}, bot, key="2")
        assert (small.status, large.status) == ("done", "waiting"), "the demo's limit is 100"
        seed_demo_tenants(registry)
        with pytest.raises(ToolRefused, match=r"0\.00 EUR are left"):
            tools.invoke(tenant, "refund_order", {"order_number": "20418873", "reason": "x"}, bot, key="3")
    finally:
        registry.close()
