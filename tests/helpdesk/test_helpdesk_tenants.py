"""The registry of tenants, and that a deleted tenant leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from helpdesk_shop import NORWAY, RETURNS, SHIPPING, Shop, evaluation_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from components.bootstrap import Workbench
from components.core.errors import IndexUnavailable, InvalidInput, TenantExists, TenantNotFound
from components.core.settings import Settings
from components.database.session import Database
from components.database.tables import Base
from components.helpdesk.ingestion.turns import turn
from components.helpdesk.tenant_config import read_config
from components.helpdesk.tenants import TenantRegistry, declared_in
from tests.database.database_rows import build_rows

MakeShop = Callable[..., Shop]


@pytest.fixture
def registry(database: Database, data_dir: Path) -> TenantRegistry:
    return TenantRegistry(database, data_dir)


def domain() -> str:
    return f"t-{uuid4().hex[:12]}.example"


def test_a_tenant_is_found_as_it_was_created(registry: TenantRegistry) -> None:
    made = registry.create("  Café Ø  ", domain(), {"greeting": "Hi!", "extra": {"kept": [1, None]}})
    assert made.name == "Café Ø"
    assert made.config == {"greeting": "Hi!", "extra": {"kept": [1, None]}}
    assert registry.get(made.tenant_id) == registry.get_by_domain(made.domain) == made
    assert made in registry.list()


def test_a_domain_belongs_to_one_tenant(registry: TenantRegistry) -> None:
    taken = registry.create("One", domain()).domain
    with pytest.raises(TenantExists, match=taken) as raised:
        registry.create("Two", taken)
    assert raised.value.field == "domain"


@pytest.mark.parametrize("name", ["", " \t", "x" * 201, "a\0b", "\ud800"])
def test_a_bad_name_is_refused_by_its_field(registry: TenantRegistry, name: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        registry.create(name, domain())
    assert raised.value.field == "name"


@pytest.mark.parametrize(
    "bad",
    ["", "shop", "Shop.example", "shop.example\n", "a b.example", "-a.example", "a..example", "ü.example", "a\0.de"],
)
def test_a_bad_domain_is_refused_by_its_field_and_found_nowhere(registry: TenantRegistry, bad: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        registry.create("Shop", bad)
    assert raised.value.field == "domain"
    assert registry.find_by_domain(bad) is None
    with pytest.raises(TenantNotFound):
        registry.get_by_domain(bad)


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"branding": {"primary_color": "red"}}, "config.branding.primary_color"),
        ({"branding": {"primary_color": "#123456\n"}}, "config.branding.primary_color"),
        ({"branding": {"font": "Arial"}}, "config.branding.font"),
        ({"branding": "blue"}, "config.branding"),
        ({"greeting": ""}, "config.greeting"),
        ({"example_questions": ["?"] * 9}, "config.example_questions"),
        ({"extra": float("nan")}, "config"),
        ({"extra": {1, 2}}, "config"),
        ({"extra": "a\0b"}, "config"),
        ({"extra": "\ud800"}, "config"),
        ({"extra": "x" * 70_000}, "config"),
        ({"greting": "Hi"}, "config.greting"),
    ],
)
def test_a_bad_configuration_is_refused_by_its_key(
    registry: TenantRegistry, config: dict[str, Any], field: str
) -> None:
    tenant = registry.create("Shop", domain(), {"greeting": "Before"})
    for attempt in (
        lambda: registry.create("Shop", domain(), config),
        lambda: registry.update_config(tenant.tenant_id, config),
    ):
        with pytest.raises(InvalidInput) as raised:
            attempt()
        assert raised.value.field == field
    assert registry.get(tenant.tenant_id).config == {"greeting": "Before"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(extra=JSON)
def test_any_json_is_kept_to_the_letter_or_refused(database: Database, data_dir: Path, extra: object) -> None:
    registry = TenantRegistry(database, data_dir)
    with suppress(InvalidInput):
        tenant = registry.create("Shop", domain(), {"extra": extra})
        assert registry.get(tenant.tenant_id).config == {"extra": extra}


def test_a_text_that_only_looks_like_an_escape_is_kept(registry: TenantRegistry) -> None:
    assert registry.create("Shop", domain(), {"extra": "\\u0000"}).config == {"extra": "\\u0000"}


def test_a_configuration_is_replaced_and_read_with_defaults(registry: TenantRegistry) -> None:
    tenant = registry.create("Shop", domain(), {"greeting": "Hi!"})
    changed = registry.update_config(tenant.tenant_id, {"branding": {"primary_color": "#00ff00"}})
    config = read_config(changed.config)
    assert (config.branding.primary_color, config.greeting) == ("#00ff00", "Hello! How can I help?")


def test_a_tenant_that_is_not_there_is_said_not_to_be(registry: TenantRegistry) -> None:
    for attempt in (registry.get, registry.delete, lambda key: registry.update_config(key, {})):
        with pytest.raises(TenantNotFound):
            attempt(uuid4())


def test_a_deleted_tenant_leaves_no_row_no_file_and_no_index(
    make_shop: MakeShop, workbench: Workbench, helpdesk_settings: Settings, tmp_path: Path, database: Database
) -> None:
    marker = f"zanzibar{uuid4().hex}"
    shop = make_shop(returns=RETURNS, shipping=SHIPPING + marker, broken=b"\xff\xfe\x00")
    shop.ingest(evaluation_folder(tmp_path / "evaluation", {NORWAY: "help/shipping.md"}))
    context = shop.tenant.context
    answered = workbench.answering.answer(context, NORWAY)
    workbench.feedback.rate(context, answered.answer_id, 1)
    workbench.api_keys.issue(context, "test")
    fill_the_rest(database, shop)
    assert all(rows_of(database, shop).values())
    declaration = declared_in(helpdesk_settings.data_dir, shop.tenant.domain) / "help" / "defs.yaml"
    declaration.parent.mkdir(parents=True)
    declaration.write_text("type: x\n")

    workbench.tenants.delete(shop.tenant.tenant_id)

    assert not any(rows_of(database, shop).values())
    assert not declaration.exists()
    folders = [helpdesk_settings.data_dir / name for name in ("tenants", "vectors")]
    left = [path for folder in folders for path in folder.rglob("*") if str(shop.tenant.tenant_id) in str(path)]
    assert left == []
    for attempt in (lambda: shop.ask(NORWAY), shop.ingest):
        with pytest.raises((IndexUnavailable, TenantNotFound)):
            attempt()
    assert [path for folder in folders for path in folder.rglob("*") if str(shop.tenant.tenant_id) in str(path)] == []


def fill_the_rest(database: Database, shop: Shop) -> None:
    """A row in every table that nothing has used yet."""
    known, rows = rows_of(database, shop), build_rows(shop.tenant.tenant_id)
    with database.tenant(shop.tenant.context) as session:
        for table in Base.metadata.sorted_tables:
            if not known[table.name]:
                session.execute(table.insert().values(rows[table.name]))


def rows_of(database: Database, shop: Shop) -> dict[str, int]:
    with database.tenant(shop.tenant.context) as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def test_deletion_waits_for_an_ingestion_that_is_under_way(
    make_shop: MakeShop, workbench: Workbench, helpdesk_settings: Settings, database: Database
) -> None:
    shop = make_shop(returns=RETURNS)
    deletion = Thread(target=workbench.tenants.delete, args=(shop.tenant.tenant_id,))
    with turn(database, helpdesk_settings.data_dir, shop.tenant.context):
        deletion.start()
        deletion.join(0.5)
        assert workbench.tenants.get(shop.tenant.tenant_id) == shop.tenant
    deletion.join(30)
    assert workbench.tenants.find_by_domain(shop.tenant.domain) is None
