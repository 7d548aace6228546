"""A whole shop's domain as tools: what its tasks expect comes about, and what its policy forbids the tools refuse."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from components.core.tenant import Tenant
from components.database.session import Database
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller
from tests.tools.retail.retail_data import Retail, find_folder, load, read_all, read_cut, read_state
from tests.tools.retail.retail_expected import differing
from tests.tools.retail.retail_replay import Call, registry_call, replay, strays
from tests.tools.retail.retail_tools import retail_tools

ROSSI = {"email": "yusuf.rossi7301@example.com"}
SILVA = {"email": "yara.silva2443@example.com"}
LOPEZ = {"email": "isabella.lopez3271@example.com"}
SANCHEZ = {"email": "james.sanchez6979@example.com"}
HOME = {
    "address1": "1 High St",
    "address2": "",
    "city": "Springfield",
    "state": "IL",
    "country": "USA",
    "zip": "62701",
}


@pytest.fixture(scope="module")
def cut() -> Retail:
    return read_cut()


def open_shop(database: Database, make_tenant: Callable[..., Tenant], retail: Retail) -> tuple[Tenant, Call]:
    tenant = make_tenant()
    load(database, tenant, retail.database)
    return tenant, registry_call(ToolRegistry(database, retail_tools()), tenant, Caller("orchestrator"))


def test_a_few_tasks_end_in_the_expected_state(
    database: Database, make_tenant: Callable[..., Tenant], cut: Retail
) -> None:
    tenant, call = open_shop(database, make_tenant, cut)
    replayed = [replay(database, tenant, cut, task, call) for task in cut.tasks]
    assert [each.task.task_id for each in replayed if not each.as_expected] == []
    assert {each.task.task_id: each.forbidden for each in replayed if each.forbidden} == {
        "64": ("exchange_delivered_order_items",)
    }
    assert strays(database, tenant, cut) == ()


def test_every_published_task_ends_in_the_expected_state(
    database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    folder = find_folder()
    if folder is None:
        pytest.skip("tau2-bench's retail domain does not lie beside the project: the tasks of retail_cut.json ran")
    retail = read_all(folder)
    tenant, call = open_shop(database, make_tenant, retail)
    replayed = [replay(database, tenant, retail, task, call) for task in retail.tasks]
    assert [(each.task.task_id, each.wrong) for each in replayed if not each.as_expected] == []
    assert len(replayed) == 114
    assert [each.task.task_id for each in replayed if each.forbidden] == ["64", "105"]
    assert strays(database, tenant, retail) == ()


REFUSALS: list[tuple[str, Mapping[str, str] | None, str, dict[str, Any], str]] = [
    ("a stranger's order", ROSSI, "get_order_details", {"order_id": "#W2611340"}, "not one of yusuf_rossi_9620"),
    ("a stranger's profile", ROSSI, "get_user_details", {"user_id": "james_li_5688"}, "not one of yusuf_rossi_9620"),
    ("nobody authenticated", None, "get_order_details", {"order_id": "#W2378156"}, "nobody is authenticated"),
    (
        "cancelling a stranger's",
        ROSSI,
        "cancel_pending_order",
        {"order_id": "#W4923227", "reason": "no longer needed"},
        "not one of yusuf_rossi_9620",
    ),
    (
        "cancelling what was delivered",
        ROSSI,
        "cancel_pending_order",
        {"order_id": "#W2378156", "reason": "no longer needed"},
        "is delivered: one that is pending",
    ),
    (
        "another reason",
        ROSSI,
        "cancel_pending_order",
        {"order_id": "#W4776164", "reason": "too expensive"},
        "invalid_input: .*arguments.reason",
    ),
    (
        "returning what was not delivered",
        ROSSI,
        "return_delivered_order_items",
        {"order_id": "#W6247578", "item_ids": ["3799046073"], "payment_method_id": "credit_card_9513926"},
        "is pending: one that is delivered",
    ),
    (
        "returning what is not in the order",
        ROSSI,
        "return_delivered_order_items",
        {"order_id": "#W2378156", "item_ids": ["3799046073"], "payment_method_id": "credit_card_9513926"},
        "not so often in the order",
    ),
    (
        "returning one item twice",
        ROSSI,
        "return_delivered_order_items",
        {"order_id": "#W6679257", "item_ids": ["5996159312"] * 2, "payment_method_id": "credit_card_9513926"},
        "not so often in the order",
    ),
    (
        "somebody else's card",
        ROSSI,
        "return_delivered_order_items",
        {"order_id": "#W2378156", "item_ids": ["4202497723"], "payment_method_id": "credit_card_8897086"},
        "no payment method of yusuf_rossi_9620",
    ),
    (
        "another product",
        ROSSI,
        "exchange_delivered_order_items",
        {
            "order_id": "#W2378156",
            "item_ids": ["1151293680"],
            "new_item_ids": ["7747408585"],
            "payment_method_id": "credit_card_9513926",
        },
        "is no Mechanical Keyboard",
    ),
    (
        "the same item",
        ROSSI,
        "exchange_delivered_order_items",
        {
            "order_id": "#W2378156",
            "item_ids": ["1151293680"],
            "new_item_ids": ["1151293680"],
            "payment_method_id": "credit_card_9513926",
        },
        "is the one that there is|not available",
    ),
    (
        "more new items than old ones",
        ROSSI,
        "exchange_delivered_order_items",
        {
            "order_id": "#W2378156",
            "item_ids": ["1151293680"],
            "new_item_ids": ["7706410293", "7706410293"],
            "payment_method_id": "credit_card_9513926",
        },
        "as many of both",
    ),
    (
        "a gift card that does not hold it",
        LOPEZ,
        "modify_pending_order_payment",
        {"order_id": "#W4923227", "payment_method_id": "gift_card_8245350"},
        r"holds 60\.00, and 321\.18 are needed",
    ),
    (
        "the same payment",
        LOPEZ,
        "modify_pending_order_payment",
        {"order_id": "#W4923227", "payment_method_id": "credit_card_8554680"},
        "another one is allowed",
    ),
    (
        "a stranger's address",
        ROSSI,
        "modify_user_address",
        {"user_id": "james_li_5688", **HOME},
        "not one of yusuf_rossi_9620",
    ),
    (
        "an address of what was delivered",
        SILVA,
        "modify_pending_order_address",
        {"order_id": "#W3964602", **HOME},
        "is delivered: one that is pending",
    ),
    ("a second customer", ROSSI, "find_user_id_by_email", dict(SILVA), "one customer a conversation"),
    ("a function", ROSSI, "calculate", {"expression": "__import__('os').getpid()"}, r"numbers, \+ - \* /"),
    ("a power that does not end", ROSSI, "calculate", {"expression": "9**9**9"}, r"numbers, \+ - \* /"),
]


@pytest.mark.parametrize(("what", "who", "tool", "arguments", "told"), REFUSALS, ids=[each[0] for each in REFUSALS])
def test_what_the_policy_forbids_the_tool_refuses_and_nothing_changes(
    database: Database,
    shop: tuple[Tenant, Call],
    cut: Retail,
    what: str,
    who: Mapping[str, str] | None,
    tool: str,
    arguments: dict[str, Any],
    told: str,
) -> None:
    tenant, call = shop
    conversation_id = uuid4()
    if who is not None:
        assert call("find_user_id_by_email", who, conversation_id, uuid4().hex) is None
    why = call(tool, arguments, conversation_id, uuid4().hex)
    assert why is not None
    assert re.search(told, why), why
    with database.tenant(tenant.context) as session:
        assert list(differing(cut.database, read_state(session))) == []


@pytest.fixture(scope="module")
def shop(database: Database, make_tenant: Callable[..., Tenant], cut: Retail) -> tuple[Tenant, Call]:
    return open_shop(database, make_tenant, cut)


def test_an_order_is_modified_once_and_never_again(
    database: Database, make_tenant: Callable[..., Tenant], cut: Retail
) -> None:
    _, call = open_shop(database, make_tenant, cut)
    conversation_id = uuid4()
    items = {
        "order_id": "#W7464385",
        "item_ids": ["1810466394"],
        "new_item_ids": ["6700049080"],
        "payment_method_id": "paypal_1261484",
    }

    def made(tool: str, arguments: Mapping[str, Any], conversation: UUID = conversation_id) -> str | None:
        return call(tool, arguments, conversation, uuid4().hex)

    assert made("find_user_id_by_email", SANCHEZ) is None
    assert made("modify_pending_order_items", items) is None
    for tool, arguments in (
        ("modify_pending_order_items", {**items, "item_ids": ["6700049080"], "new_item_ids": ["1810466394"]}),
        ("cancel_pending_order", {"order_id": "#W7464385", "reason": "no longer needed"}),
        ("modify_pending_order_address", {"order_id": "#W7464385", **HOME}),
    ):
        assert "is pending (items modified)" in (made(tool, arguments) or "")
