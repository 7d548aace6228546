"""The shop's tools: money goes back to whom it belongs, never more than was paid, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop_world import BOT, PERSON, SHOP, Shop
from sqlalchemy import func, select

from components.core.errors import InvalidInput, NotFound, ToolRefused
from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import ShopOrderRow, ShopRefundRow
from components.helpdesk.shop import ImportedShop, import_shop
from components.helpdesk.shop_file import read_shop
from components.tools.approvals import Approvals
from components.tools.tool import Caller

ADDRESS = {"street": "Innrain 1", "city": "Innsbruck", "zip": "6020", "country": "AT"}


@pytest.fixture
def shop(database: Database, make_tenant: Callable[..., Tenant]) -> Shop:
    return Shop(database, make_tenant)


@pytest.mark.parametrize("said", ["NT-20418873", "nt-20418873", "#NT-20418873", " 20418873 ", "#20418873"])
def test_an_order_is_found_however_its_number_is_written(shop: Shop, said: str) -> None:
    found = shop.result("lookup_order", order_number=said)
    assert (found["order_number"], found["status"], found["total"], found["left"]) == (
        "NT-20418873",
        "delivered",
        64.7,
        64.7,
    )


def test_an_address_is_told_to_its_owner_and_to_staff_only(shop: Shop) -> None:
    assert "address" not in shop.result("lookup_order", order_number="NT-20418873")
    owned = shop.result("lookup_order", order_number="NT-20418873", email="ADA.brunner@mail.example")
    assert owned["address"]["city"] == "Innsbruck"
    seen = shop.call("lookup_order", PERSON, order_number="NT-20418873").result
    assert seen is not None
    assert "address" in seen


@pytest.mark.parametrize(
    "said",
    [
        "' OR '1'='1",
        "NT-20418873'; DROP TABLE shop_orders; --",
        "%",
        "NT-2041887_",
        "\\",
        "0",
        "١٢٣٤٥",
        "NT-20418873\n--",
    ],
)
@pytest.mark.parametrize("tool", ["lookup_order", "refund_order"])
def test_sql_in_an_order_number_finds_nothing_and_does_nothing(shop: Shop, tool: str, said: str) -> None:
    reason = {"reason": "x"} if tool == "refund_order" else {}
    with pytest.raises(NotFound, match="no order has the number"):
        shop.call(tool, order_number=said, **reason)
    assert shop.order("NT-20418873").refunded == 0


@given(said=st.text(min_size=1, max_size=40))
def test_no_order_number_finds_an_order_that_does_not_end_so(said: str, shop_of_module: Shop) -> None:
    found = []
    with suppress(NotFound, InvalidInput):
        found.append(shop_of_module.result("lookup_order", order_number=said)["order_number"])
    assert all(each.endswith(said.strip().removeprefix("#").strip().upper()) for each in found)


@pytest.fixture(scope="module")
def shop_of_module(database: Database, make_tenant: Callable[..., Tenant]) -> Shop:
    return Shop(database, make_tenant)


def test_a_refund_gives_back_what_was_paid_and_no_more(shop: Shop) -> None:
    made = shop.call("refund_order", order_number="NT-20418873", reason="torn", amount=29.9)
    assert made.price == Decimal("29.9")
    assert made.result is not None
    assert (made.result["amount"], made.result["left"], made.result["method"]) == (29.9, 34.8, "Visa ending in 4242")
    with pytest.raises(ToolRefused, match=r"34\.80 EUR are left") as caught:
        shop.call("refund_order", order_number="NT-20418873", reason="torn", amount=34.81)
    assert caught.value.field == "arguments.amount"
    assert shop.result("refund_order", order_number="NT-20418873", reason="the rest")["amount"] == 34.8
    with pytest.raises(ToolRefused, match=r"0\.00 EUR are left"):
        shop.call("refund_order", order_number="NT-20418873", reason="more")
    order = shop.order("NT-20418873")
    assert order.refunded == Decimal("64.7")
    assert [each["kind"] for each in order.payments] == ["payment", "refund", "refund"]


@pytest.mark.parametrize(
    ("order", "status"),
    [("NT-20419120", "in preparation"), ("NT-20418777", "handed over"), ("NT-20416999", "cancelled")],
)
def test_what_was_not_delivered_is_not_refunded(shop: Shop, order: str, status: str) -> None:
    with pytest.raises(ToolRefused, match=f"is {status}: one that is delivered"):
        shop.call("refund_order", order_number=order, reason="late")
    assert shop.order(order).refunded == 0


def test_an_order_is_refunded_to_its_owner_only(shop: Shop) -> None:
    with pytest.raises(ToolRefused, match="not one of mia"):
        shop.call("refund_order", order_number="NT-20418873", reason="x", email="mia.berg@mail.example")
    with pytest.raises(ToolRefused, match="not one of customer 'K-1002'"):
        shop.call("refund_order", order_number="NT-20418873", reason="x", customer_id="K-1002")
    of_mia = shop.converse(email="mia.berg@mail.example")
    with pytest.raises(ToolRefused, match="not one of mia"):
        shop.call_within(of_mia, "refund_order", order_number="NT-20418873", reason="x")
    with pytest.raises(ToolRefused, match="not one of mia"):
        shop.call_within(
            of_mia, "refund_order", order_number="NT-20418873", reason="x", email="ada.brunner@mail.example"
        )
    with pytest.raises(NotFound, match="no conversation"):
        shop.call_within(uuid4(), "refund_order", order_number="NT-20418873", reason="x")
    assert shop.order("NT-20418873").refunded == 0
    made = shop.call_within(of_mia, "refund_order", order_number="20417755", reason="too small")
    assert made.status == "done"


@pytest.mark.parametrize("amount", [0, -5, 0.001, 1e12])
def test_an_amount_that_is_none_is_named(shop: Shop, amount: float) -> None:
    with pytest.raises(InvalidInput) as caught:
        shop.call("refund_order", order_number="NT-20418873", reason="x", amount=amount)
    assert caught.value.field == "arguments.amount"


def test_refunds_of_one_order_at_once_never_give_back_more_than_was_paid(shop: Shop) -> None:
    def refund(number: int) -> str:
        try:
            return shop.call("refund_order", key=str(number), order_number="NT-20418999", reason="x", amount=150).status
        except ToolRefused:
            return "refused"

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(refund, range(8))) == ["done", "done"] + ["refused"] * 6
    assert shop.order("NT-20418999").refunded == 300
    with shop.database.tenant(shop.tenant.context) as session:
        issued = select(func.sum(ShopRefundRow.amount)).where(ShopRefundRow.order_number == "NT-20418999")
        assert session.scalar(issued) == 300


def test_two_runs_that_refund_all_of_an_order_at_once_refund_it_once(shop: Shop) -> None:
    def refund(number: int) -> str:
        try:
            return shop.call("refund_order", key=f"run-{number}", order_number="104432", reason="x").status
        except ToolRefused:
            return "refused"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(refund, range(2))) == ["done", "refused"]
    assert shop.order("104432").refunded == Decimal("29.9")


def test_a_refund_is_taken_back_once_and_can_be_made_again(shop: Shop) -> None:
    made = shop.call("refund_order", order_number="NT-20417755", reason="x")
    for _ in range(2):
        shop.registry.undo(shop.tenant, made.invocation_id, PERSON)
    order = shop.order("NT-20417755")
    assert (order.refunded, [each["kind"] for each in order.payments]) == (0, ["payment"])
    assert made.result is not None
    with pytest.raises(ToolRefused, match="cancelled already"):
        shop.call("cancel_refund", PERSON, refund_id=made.result["refund_id"])
    assert shop.call("refund_order", order_number="NT-20417755", reason="x").status == "done"
    for bad, error in (("no id", InvalidInput), (str(uuid4()), NotFound)):
        with pytest.raises(error):
            shop.call("cancel_refund", PERSON, refund_id=bad)


def test_what_was_approved_is_the_most_that_moves(database: Database, make_tenant: Callable[..., Tenant]) -> None:
    shop, approvals = Shop(database, make_tenant, actions={"limit": 100}), Approvals(database)
    part = shop.call("refund_order", PERSON, order_number="NT-20418104", reason="gloves", amount=29.9)
    asked = shop.call("refund_order", order_number="NT-20418104", reason="all of it")
    assert (asked.status, asked.price) == ("waiting", Decimal("289"))
    shop.registry.undo(shop.tenant, part.invocation_id, PERSON)
    assert asked.approval_id is not None
    approvals.decide(shop.tenant.context, asked.approval_id, approve=True, agent_id=uuid4())
    ended = shop.registry.resume(shop.tenant, asked.invocation_id)
    assert ended.failure is not None
    assert "289.00 was approved, and it would move 318.90" in ended.failure.message
    assert shop.order("NT-20418104").refunded == 0


def test_an_address_is_changed_until_the_order_leaves_and_changed_back(shop: Shop) -> None:
    before = shop.order("NT-20419120").address
    made = shop.call("change_address", order_number="NT-20419120", address=ADDRESS)
    assert shop.order("NT-20419120").address == ADDRESS
    shop.registry.undo(shop.tenant, made.invocation_id, PERSON)
    assert shop.order("NT-20419120").address == before
    for gone in ("NT-20419001", "NT-20418777", "NT-20418873"):
        with pytest.raises(ToolRefused, match="only where it is sent that is pending"):
            shop.call("change_address", order_number=gone, address=ADDRESS)
    with pytest.raises(ToolRefused, match="not one of"):
        shop.call("change_address", order_number="NT-20419120", address=ADDRESS, email="x@y.example")
    with pytest.raises(InvalidInput) as caught:
        shop.call("change_address", order_number="NT-20419120", address={"street": "x"})
    assert caught.value.field == "arguments.address.city"


def test_a_dry_run_of_a_refund_tells_and_does_nothing(shop: Shop) -> None:
    would = shop.registry.invoke(
        shop.tenant,
        "refund_order",
        {"order_number": "NT-20418873", "reason": "x"},
        BOT,
        key="dry",
        dry_run=True,
    )
    assert would.result is not None
    assert (would.price, would.result["left"]) == (Decimal("64.7"), 0)
    assert shop.order("NT-20418873").refunded == 0


def test_customers_are_found_and_noted_and_notes_are_taken_back(shop: Shop) -> None:
    (ada,) = shop.result("find_customer", email="Ada.Brunner@mail.example")["customers"]
    assert ada["customer_id"] == "K-1001"
    assert [each["order_number"] for each in ada["orders"]] == ["NT-20419120", "NT-20418873"]
    assert [each["customer_id"] for each in shop.result("find_customer", name="er")["customers"]][:2] == [
        "K-1001",
        "K-1002",
    ]
    assert shop.result("find_customer", phone="0043660 5550101")["customers"] == []
    assert shop.result("find_customer", phone="+43-660-5550101")["customers"][0]["customer_id"] == "K-1001"
    assert shop.result("find_customer", name="%")["customers"] == []
    made = shop.call("note_customer", email="ada.brunner@mail.example", text="Prefers the telephone.")
    (note,) = shop.result("find_customer", customer_id="K-1001")["customers"][0]["notes"]
    assert (note["text"], note["author"]) == ("Prefers the telephone.", "orchestrator")
    shop.registry.undo(shop.tenant, made.invocation_id, PERSON)
    assert shop.result("find_customer", customer_id="K-1001")["customers"][0]["notes"] == []
    for arguments, error in (
        ({"text": "x"}, InvalidInput),
        ({"text": "x", "customer_id": "nobody"}, NotFound),
        ({"text": "x", "email": "no@body.example"}, NotFound),
        ({"text": "x", "email": " "}, NotFound),
    ):
        with pytest.raises(error):
            shop.call("note_customer", **arguments)
    for arguments in ({}, {"name": " "}, {"email": " "}, {"phone": "none"}):
        with pytest.raises(InvalidInput, match="one of customer_id, email"):
            shop.call("find_customer", **arguments)


def test_no_tenant_reaches_anothers_shop_through_any_tool(
    shop: Shop, database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    other = Shop(database, make_tenant)
    with database.tenant(other.tenant.context) as session:
        for order in session.scalars(select(ShopOrderRow)):
            session.delete(order)
    made = shop.call("refund_order", order_number="NT-20418873", reason="x")
    note = shop.call("note_customer", customer_id="K-1001", text="ours")
    assert made.result is not None
    assert note.result is not None
    attempts = [
        ("lookup_order", {"order_number": "NT-20418873"}),
        ("refund_order", {"order_number": "NT-20417755", "reason": "x"}),
        ("change_address", {"order_number": "NT-20419120", "address": ADDRESS}),
        ("cancel_refund", {"refund_id": made.result["refund_id"]}),
        ("remove_customer_note", {"note_id": note.result["note_id"]}),
    ]
    for tool, arguments in attempts:
        with pytest.raises(NotFound):
            other.call(tool, PERSON, **arguments)
    theirs = other.result("find_customer", customer_id="K-1001")["customers"][0]
    assert (theirs["notes"], theirs["orders"]) == ([], [])
    assert other.result("query_database", view="report_orders")["rows"] == []
    assert shop.order("NT-20418873").refunded == Decimal("64.7")


def test_the_same_shop_again_adds_nothing_and_undoes_nothing(shop: Shop) -> None:
    shop.call("refund_order", order_number="NT-20418873", reason="x")
    again = import_shop(shop.database, shop.tenant.context, read_shop(SHOP))
    assert again == ImportedShop(0, 0, 0)
    assert shop.order("NT-20418873").refunded == Decimal("64.7")


def test_tools_of_the_shop_are_off_until_a_tenant_permits_them(
    database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    shop = Shop(database, make_tenant, tools={})
    assert [each.tool.spec.name for each in shop.registry.offered(shop.tenant, Caller("api"))] == [
        "create_ticket",
        "notify_user",
        "update_ticket",
    ]
