"""`helpdesk shop`: a shop's file goes in once, and what is wrong with one is named by its place."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from apps.cli.context import PROJECT
from components.core.errors import InvalidInput
from components.helpdesk.shop_file import read_shop
from tests.apps_cli.conftest import Helpdesk

ORDER = "{order_number: A-1, customer_id: C-1, status: delivered, ordered_at: 2026-11-01T08:00:00Z, items: [%s]}"
ITEM = "{item_id: I-1, name: Boots, price: 10}"


def test_a_shop_is_imported_once(helpdesk: Helpdesk) -> None:
    domain, file = f"shop-{uuid4().hex[:8]}.example", str(PROJECT / "deploy" / "demo" / "northtrail" / "shop.yaml")
    assert helpdesk("tenant", "create", "Shop", domain).status == 0
    first = helpdesk("shop", "import", file, "--tenant", domain)
    assert "added: 8 customers, 5 products, 16 orders" in first.out, first.err
    again = helpdesk("shop", "import", file, "--tenant", domain, "--json")
    assert again.value == {"customers": 0, "products": 0, "orders": 0}
    assert helpdesk("shop", "import", file, "--tenant", "nobody.example").status == 1


def test_a_file_with_an_unknown_customer_ends_in_one_clear_line(helpdesk: Helpdesk, tmp_path: Path) -> None:
    domain, file = f"shop-{uuid4().hex[:8]}.example", tmp_path / "shop.yaml"
    file.write_text(f"orders: [{ORDER % ITEM}]")
    assert helpdesk("tenant", "create", "Shop", domain).status == 0
    refused = helpdesk("shop", "import", str(file), "--tenant", domain)
    assert refused.status == 2
    assert "customer_id='C-1' is no customer" in refused.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[", "shop.yaml"),
        ("- 1", "valid dictionary"),
        ("customer: []", "customer: Extra inputs"),
        (f"orders: [{ORDER % ''}]", "orders.0.items"),
        (f"orders: [{ORDER % ITEM.replace('10', '-1')}]", "orders.0.items.0.price"),
        (f"orders: [{ORDER % ITEM.replace('10', '0.001')}]", "orders.0.items.0.price"),
        (f"orders: [{(ORDER % ITEM).replace('T08:00:00Z', '')}]", "orders.0.ordered_at"),
        (f"orders: [{ORDER % ITEM}, {ORDER % ITEM}]", "order_number 'A-1' is there twice"),
        ("customers: [{customer_id: C-1, surname: x}]", "customers.0.surname"),
    ],
)
def test_what_is_wrong_with_a_file_is_named_by_its_place(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=told):
        read_shop(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"none\.yaml"):
        read_shop(tmp_path / "none.yaml")
