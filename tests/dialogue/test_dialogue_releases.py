"""Each tenant's flows by version: saved for good, activated, taken back, and nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select

from components.core.errors import Conflict, InvalidFlow, InvalidInput, NotFound, TenantNotFound
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import AuditLogRow
from components.dialogue.flow import MessageNode
from components.dialogue.flow_library import shipped_flow_set, shipped_flows
from components.dialogue.flow_releases import FlowReleases

MakeTenant = Callable[..., Tenant]


def main_that_says(text: str) -> dict[str, str]:
    return {"main.yaml": f"nodes: [{{id: hello, type: message, text: {text}}}]"}


def said_by(flows: FlowReleases, tenant: TenantContext, version: int | None = None) -> str:
    main = (flows.active(tenant) if version is None else flows.at(tenant, version)).main
    hello = main.nodes[main.start]
    assert isinstance(hello, MessageNode)
    return hello.texts[0]


@pytest.fixture
def flows(database: Database) -> FlowReleases:
    return FlowReleases(database)


@pytest.fixture
def tenant(make_tenant: MakeTenant) -> TenantContext:
    return make_tenant().context


def save(flows: FlowReleases, tenant: TenantContext, text: str) -> int:
    return flows.save(tenant, main_that_says(text), author="ann", note=f"says {text}")


def test_the_shipped_flows_are_active_until_others_are(flows: FlowReleases, tenant: TenantContext) -> None:
    assert flows.active(tenant) is shipped_flow_set()
    assert flows.at(tenant, 0).version == 0
    assert [(each.version, each.active) for each in flows.versions(tenant)] == [(0, True)]
    assert save(flows, tenant, "One") == 1
    assert flows.active(tenant).version == 0


def test_save_activate_and_back_again(flows: FlowReleases, tenant: TenantContext, database: Database) -> None:
    for number, text in enumerate(("One", "Two"), 1):
        assert save(flows, tenant, text) == number
        flows.activate(tenant, number, "ann")
    assert said_by(flows, tenant) == "Two"
    assert [(each.version, each.active, each.note) for each in flows.versions(tenant)] == [
        (2, True, "says Two"),
        (1, False, "says One"),
        (0, False, "shipped"),
    ]
    assert flows.rollback(tenant, "bob") == 1
    assert said_by(flows, tenant) == "One"
    assert flows.rollback(tenant, "bob") == 0
    with pytest.raises(Conflict, match="none was before it"):
        flows.rollback(tenant, "bob")
    with database.tenant(tenant) as session:
        assert flows.active_version(session, tenant) == 0
        actions = session.scalars(select(AuditLogRow.action).order_by(AuditLogRow.timestamp)).all()
    assert actions == [*["flows.saved", "flows.activated"] * 2, "flows.rolled_back", "flows.rolled_back"]


def test_a_version_is_the_complete_set(flows: FlowReleases, tenant: TenantContext) -> None:
    version = save(flows, tenant, "Hello")
    assert flows.files(tenant, version) == {**shipped_flows(), **main_that_says("Hello")}
    assert set(flows.at(tenant, version).flows) == set(shipped_flow_set().flows)


def test_equal_flows_are_the_version_that_they_are_already(flows: FlowReleases, tenant: TenantContext) -> None:
    assert flows.save(tenant, dict(shipped_flows()), author="ann", note="as shipped") == 0
    assert [save(flows, tenant, text) for text in ("One", "Two", "One")] == [1, 2, 1]


def test_a_conversation_keeps_its_version_while_another_is_activated(
    flows: FlowReleases, tenant: TenantContext, database: Database
) -> None:
    save(flows, tenant, "One")
    flows.activate(tenant, 1, "ann")
    held = flows.active(tenant).version
    elsewhere = FlowReleases(database)
    save(elsewhere, tenant, "Two")
    elsewhere.activate(tenant, 2, "ann")
    assert said_by(flows, tenant, held) == "One"
    assert said_by(flows, tenant) == "Two"
    assert flows.at(tenant, held) is flows.at(tenant, held)


def test_a_tenant_cannot_reach_anothers_flows(
    flows: FlowReleases, tenant: TenantContext, make_tenant: MakeTenant
) -> None:
    other = make_tenant().context
    save(flows, other, "Theirs")
    flows.activate(other, 1, "bob")
    assert said_by(flows, other, 1) == "Theirs"
    for reach in (flows.at, flows.files):
        with pytest.raises(NotFound, match="no version 1: there are 0 to 0"):
            reach(tenant, 1)
    with pytest.raises(NotFound):
        flows.activate(tenant, 1, "ann")
    assert [each.version for each in flows.versions(tenant)] == [0]
    assert save(flows, tenant, "Ours") == 1
    assert (said_by(flows, tenant, 1), said_by(flows, other, 1)) == ("Ours", "Theirs")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"main.yaml": "nodes: ["},
        {"main.yaml": "nodes: [{id: a, type: message, text: x, next: nowhere}]"},
        {"other.yaml": "nodes: [{id: a, type: message, text: '{{ f() }}'}]"},
    ],
)
def test_flows_that_cannot_run_are_not_saved(flows: FlowReleases, tenant: TenantContext, files: dict[str, str]) -> None:
    with pytest.raises(InvalidFlow):
        flows.save(tenant, files, author="ann", note="n")
    assert len(flows.versions(tenant)) == 1


def test_flows_are_held_against_the_tenants_intents_and_work(flows: FlowReleases, tenant: TenantContext) -> None:
    with pytest.raises(InvalidFlow, match="the intent 'faq'"):
        flows.save(tenant, main_that_says("x") | dict(shipped_flows()), author="a", note="n", intents=frozenset({"x"}))
    assert flows.save(tenant, main_that_says("x"), author="a", note="n", intents=frozenset({"x"})) == 1
    with pytest.raises(InvalidFlow, match="the workflow 'refund'"):
        flows.save(tenant, main_that_says("y"), author="a", note="n", work={})


def test_labels_and_tenants_are_checked(flows: FlowReleases, tenant: TenantContext, database: Database) -> None:
    for author, note in (("", "n"), ("a", " "), ("a" * 201, "n"), ("a", "n\0")):
        with pytest.raises(InvalidInput):
            flows.save(tenant, main_that_says("x"), author=author, note=note)
    from uuid import uuid4

    with pytest.raises(TenantNotFound):
        save(flows, TenantContext(uuid4()), "x")


def test_saves_at_once_become_versions_of_their_own(flows: FlowReleases, tenant: TenantContext) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda text=text: found.append(save(flows, tenant, text)))
        for text in ("One", "Two", "Three", "One")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(set(found)) == [1, 2, 3]
    assert len(found) == 4
