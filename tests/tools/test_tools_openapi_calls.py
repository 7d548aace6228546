"""Tools of an OpenAPI document: called as it says, told as the service answers, and never done twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from remote_tools import *  # noqa: F403
from rest_service import TOKEN, Reply, RestService, told

from components.core.errors import (
    HelpdeskError,
    InvalidInput,
    OutcomeUnknown,
    ToolNotAllowed,
    ToolNotFound,
    ToolRefused,
    ToolUnavailable,
)
from components.core.tenant import Tenant
from components.tools.added import AddedTools
from components.tools.openapi.importing import ImportRequest, import_document
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller

API = Caller("api")


def placed(registry: ToolRegistry, tenant: Tenant, key: str = "place", **more: Any) -> Any:
    made = registry.invoke(tenant, "create_order", {"item": "kayak", **more}, API, key=key)
    assert made.result is not None
    return made.result["body"]["number"]


def test_an_operation_is_called_as_the_document_has_it(
    registry: ToolRegistry, shop: Tenant, service: RestService
) -> None:
    number = placed(registry, shop, quantity=2)
    asked = {"id": number, "fields": ["item", "quantity"], "X-Reason": "a test"}
    made = registry.invoke(shop, "get_order", asked, API, key="look")
    assert made.result == {"status": 200, "body": {"item": "kayak", "quantity": 2, "number": number}}
    post, get = service.heard
    assert (post.method, post.path, post.body) == ("POST", "/v1/orders", {"item": "kayak", "quantity": 2})
    assert (get.method, get.path) == ("GET", f"/v1/orders/{number}")
    assert get.query == [("fields", "item"), ("fields", "quantity")]
    assert (get.headers["x-reason"], get.headers["idempotency-key"]) == ("a test", "look")
    assert get.headers["authorization"] == f"Bearer {TOKEN}"


def test_arguments_of_one_name_in_two_places_are_told_apart(
    registry: ToolRegistry, shop: Tenant, service: RestService
) -> None:
    number = placed(registry, shop)
    asked = {"id": number, "amount": 5, "body_id": "R1"}
    made = registry.invoke(shop, "refund_order", asked, API, key="pay")
    assert made.result == {"status": 200, "body": {"paid": 5}}
    assert service.heard[-1].path == f"/v1/orders/{number}/refund"
    assert service.heard[-1].body == {"amount": 5, "id": "R1"}


def test_the_same_key_asks_the_service_once(registry: ToolRegistry, shop: Tenant, service: RestService) -> None:
    assert placed(registry, shop) == placed(registry, shop)
    assert len(service.heard) == 1


@pytest.mark.parametrize("number", ["../../admin", "..", ".", "", "a/../b", "a\\..\\b"])
def test_no_argument_leads_to_another_path(
    registry: ToolRegistry, shop: Tenant, service: RestService, number: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        registry.invoke(shop, "get_order", {"id": number}, API, key="up")
    assert caught.value.field == "arguments.id"
    assert service.heard == []


def test_an_argument_is_one_part_of_the_path(registry: ToolRegistry, shop: Tenant, service: RestService) -> None:
    with pytest.raises(ToolRefused):
        registry.invoke(shop, "get_order", {"id": "a/b?c=d#e {id} é"}, API, key="odd")
    assert service.heard[0].path == "/v1/orders/a%2Fb%3Fc%3Dd%23e%20%7Bid%7D%20%C3%A9"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "arguments.item"),
        ({"item": 7}, "arguments.item"),
        ({"item": "kayak", "quantity": "two"}, "arguments.quantity"),
        ({"item": "kayak", "number": "A7"}, "arguments.number"),
        ({"item": "kayak", "gift": {"inside": {"inside": 7}}}, "arguments.gift.inside.inside"),
    ],
)
def test_wrong_arguments_are_named_and_nothing_is_asked(
    registry: ToolRegistry, shop: Tenant, service: RestService, arguments: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        registry.invoke(shop, "create_order", arguments, API, key="wrong")
    assert caught.value.field == field
    assert service.heard == []


def test_a_header_that_would_hold_another_is_refused(
    registry: ToolRegistry, shop: Tenant, service: RestService
) -> None:
    for text in ("a\r\nX-Admin: yes", "é", " a"):
        with pytest.raises(InvalidInput) as caught:
            registry.invoke(shop, "get_order", {"id": "A1", "X-Reason": text}, API, key=f"split {text!r}")
        assert caught.value.field == "arguments.X-Reason"
    assert service.heard == []


def test_a_refusal_tells_what_the_service_says_but_no_secret(
    registry: ToolRegistry, shop: Tenant, service: RestService
) -> None:
    with pytest.raises(ToolRefused, match="there is no order A9") as caught:
        registry.invoke(shop, "get_order", {"id": "A9"}, API, key="none")
    assert TOKEN not in caught.value.message
    service.replies = [told(401, {"detail": f"bad token {TOKEN}"})]
    with pytest.raises(ToolRefused, match="credentials") as caught:
        registry.invoke(shop, "get_order", {"id": "A9"}, API, key="shut out")
    assert TOKEN not in caught.value.message


def test_a_secret_that_is_missing_is_named_and_nothing_is_asked(
    registry: ToolRegistry, shop: Tenant, service: RestService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_TOKEN")
    with pytest.raises(ToolUnavailable, match="env:SHOP_TOKEN"):
        placed(registry, shop)
    monkeypatch.setenv("SHOP_TOKEN", "two\nlines")
    with pytest.raises(ToolUnavailable, match="env:SHOP_TOKEN holds characters") as caught:
        placed(registry, shop)
    assert "lines" not in caught.value.message
    assert service.heard == []
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    assert placed(registry, shop) == "A1"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(registry: ToolRegistry, shop: Tenant, service: RestService, status: int) -> None:
    target = {"Location": "http://169.254.169.254/latest/meta-data/"}
    service.replies = [Reply(status, b"", target), Reply(status, b"", target)]
    with pytest.raises(ToolRefused, match="redirects are not followed"):
        registry.invoke(shop, "get_order", {"id": "A1"}, API, key="away")
    with pytest.raises(OutcomeUnknown if status < 304 else ToolRefused, match="redirects are not followed"):
        placed(registry, shop)
    assert len(service.heard) == 2


# What a service that answers so has done, and whether trying again is safe.
@pytest.mark.parametrize(
    ("reply", "read", "write", "honours_key"),
    [
        (Reply(500), ToolUnavailable, OutcomeUnknown, ToolUnavailable),
        (Reply(503), ToolUnavailable, OutcomeUnknown, ToolUnavailable),
        (Reply(429), ToolUnavailable, ToolUnavailable, ToolUnavailable),
        (Reply(425), ToolUnavailable, ToolUnavailable, ToolUnavailable),
        (Reply(409), ToolRefused, ToolRefused, ToolUnavailable),
        (Reply(422), ToolRefused, ToolRefused, ToolRefused),
        (Reply(hang_up=True), ToolUnavailable, OutcomeUnknown, ToolUnavailable),
    ],
)
def test_a_failure_is_told_by_whether_it_may_have_been_done(
    registry: ToolRegistry,
    shop: Tenant,
    service: RestService,
    reply: Reply,
    read: type[HelpdeskError],
    write: type[HelpdeskError],
    honours_key: type[HelpdeskError],
) -> None:
    number = placed(registry, shop)
    for tool, arguments, error in (
        ("get_order", {"id": number}, read),
        ("create_order", {"item": "tent"}, write),
        ("refund_order", {"id": number, "amount": 5, "body_id": "R1"}, honours_key),
    ):
        service.replies = [reply]
        with pytest.raises(HelpdeskError) as caught:
            registry.invoke(shop, tool, arguments, API, key=f"{tool} fails")
        assert type(caught.value) is error, tool


def test_an_answer_that_was_lost_is_asked_for_again_only_where_the_key_is_honoured(
    registry: ToolRegistry, shop: Tenant, service: RestService
) -> None:
    number = placed(registry, shop)
    paid = {"id": number, "amount": 5, "body_id": "R1"}
    service.replies = [Reply(hang_up=True)]
    with pytest.raises(ToolUnavailable):
        registry.invoke(shop, "refund_order", paid, API, key="pay")
    assert registry.invoke(shop, "refund_order", paid, API, key="pay").status == "done"
    assert len(service.refunds) == 1
    service.replies = [Reply(hang_up=True)]
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            registry.invoke(shop, "create_order", {"item": "tent"}, API, key="tent")
    assert [each["item"] for each in service.orders.values()] == ["kayak", "tent"]


def test_a_service_that_never_answers_is_given_up_at_the_deadline(
    registry: ToolRegistry, shop: Tenant, service: RestService
) -> None:
    service.replies = [Reply(pause=3.0), Reply(pause=3.0)]
    started = time.monotonic()
    with pytest.raises(ToolUnavailable, match="did not answer within"):
        registry.invoke(shop, "get_order", {"id": "A1"}, API, key="slow", seconds=0.5)
    with pytest.raises(OutcomeUnknown, match="did not answer within"):
        registry.invoke(shop, "create_order", {"item": "tent"}, API, key="slower", seconds=0.5)
    assert time.monotonic() - started < 2.5


def test_a_service_that_is_down_has_done_nothing(
    make_tenant: Callable[..., Tenant], added: AddedTools, registry: ToolRegistry, service: RestService
) -> None:
    asked = ImportRequest(only=("createOrder",), server="http://127.0.0.1:1", secrets=("env:PATH",), private=True)
    imported = import_document(service.document, asked)
    tenant = make_tenant(config={"tools": {"create_order": {}}})
    added.add(tenant.context, imported.origin, imported.tools)
    with pytest.raises(ToolUnavailable, match="cannot be reached"):
        placed(registry, tenant)


def test_a_huge_answer_is_not_read_to_its_end(registry: ToolRegistry, shop: Tenant, service: RestService) -> None:
    huge = told(200, "x" * 5_000_000)
    service.replies = [huge, huge]
    with pytest.raises(ToolRefused, match="more than 200000 bytes"):
        registry.invoke(shop, "get_order", {"id": "A1"}, API, key="huge")
    made = registry.invoke(shop, "create_order", {"item": "tent"}, API, key="huge, and done")
    assert made.result == {"status": 200, "body": None, "omitted": "it has more than 200000 bytes"}


@pytest.mark.parametrize(
    ("body", "kind", "told_as"),
    [
        (b'{"a": [1, null]}', "application/problem+json; charset=utf-8", {"a": [1, None]}),
        (b"hello", "text/plain", "hello"),
        (b"not json", "application/json", "not json"),
        (b'{"a": NaN}', "application/json", '{"a": NaN}'),
        ("\u00e9\0".encode(), "text/plain", "\u00e9\ufffd"),
        (b"\x89PNG", "image/png", "(4 bytes of image/png)"),
        (b"", "application/json", None),
    ],
)
def test_an_answer_is_told_as_what_it_is(
    registry: ToolRegistry, shop: Tenant, service: RestService, body: bytes, kind: str, told_as: Any
) -> None:
    service.replies = [Reply(200, body, {"Content-Type": kind})]
    made = registry.invoke(shop, "get_order", {"id": "A1"}, API, key="kinds")
    assert made.result == {"status": 200, "body": told_as}


@pytest.mark.parametrize(
    "body", [b'{"a":' * 60 + b"1" + b"}" * 60, b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b"[" + b"1," * 90_000 + b"1]"]
)
def test_an_answer_that_cannot_be_kept_does_not_undo_what_was_done(
    registry: ToolRegistry, shop: Tenant, service: RestService, body: bytes
) -> None:
    service.replies = [Reply(200, body, {"Content-Type": "application/json"})]
    made = registry.invoke(shop, "create_order", {"item": "tent"}, API, key="odd")
    assert made.result is not None
    assert (made.status, made.result["body"]) == ("done", None)
    assert made.result["omitted"]


def test_a_dry_run_tells_what_would_be_asked_without_the_secret(
    registry: ToolRegistry, shop: Tenant, service: RestService
) -> None:
    asked = {"id": "A1", "amount": 5, "body_id": "R1"}
    made = registry.invoke(shop, "refund_order", asked, API, key="dry", dry_run=True)
    assert made.result is not None
    would = made.result["would_call"]
    assert (would["method"], would["url"]) == ("POST", f"{service.url}/v1/orders/A1/refund")
    assert would["headers"]["Authorization"] == "Bearer (env:SHOP_TOKEN)"
    assert would["body"] == '{"amount": 5, "id": "R1"}'
    assert TOKEN not in str(made)
    assert service.heard == []


def test_what_moves_money_waits_for_a_person(
    make_tenant: Callable[..., Tenant], added: AddedTools, registry: ToolRegistry, service: RestService, secret: str
) -> None:
    imported = import_document(service.document, ImportRequest(secrets=(secret,), private=True))
    tenant = make_tenant(config={"tools": {"refund_order": {}}})
    added.add(tenant.context, imported.origin, imported.tools)
    made = registry.invoke(tenant, "refund_order", {"id": "A1", "amount": 5, "body_id": "R1"}, API, key="pay")
    assert (made.status, service.heard) == ("waiting", [])
    with pytest.raises(ToolNotAllowed):
        registry.invoke(tenant, "create_order", {"item": "tent"}, API, key="not permitted")


def test_a_private_address_is_called_only_where_the_import_allows_it(
    make_tenant: Callable[..., Tenant], added: AddedTools, registry: ToolRegistry, service: RestService, secret: str
) -> None:
    port = service.url.rpartition(":")[2]
    tenant = make_tenant(config={"tools": {"get_order": {}}})
    for host in ("127.0.0.1", "localhost", "10.1.2.3", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]", "0x7f.1"):
        asked = ImportRequest(only=("getOrder",), server=f"https://{host}:{port}/v1", secrets=(secret,))
        imported = import_document(service.document, asked)
        added.add(tenant.context, imported.origin, imported.tools)
        with pytest.raises(ToolRefused, match="which is not public"):
            registry.invoke(tenant, "get_order", {"id": "A1"}, API, key=host)
        added.remove(tenant.context, origin=imported.origin)
    asked = ImportRequest(only=("getOrder",), server="http://169.254.169.254/v1", secrets=(secret,), private=True)
    imported = import_document(service.document, asked)
    added.add(tenant.context, imported.origin, imported.tools)
    with pytest.raises(ToolRefused, match="link-local and never called"):
        registry.invoke(tenant, "get_order", {"id": "A1"}, API, key="metadata")
    assert service.heard == []


def test_another_tenants_tool_is_not_found(
    make_tenant: Callable[..., Tenant], registry: ToolRegistry, shop: Tenant, service: RestService
) -> None:
    other = make_tenant(config={"tools": {"get_order": {}}})
    assert "get_order" in [each.tool.spec.name for each in registry.offered(shop)]
    assert registry.offered(other) == ()
    with pytest.raises(ToolNotFound):
        registry.invoke(other, "get_order", {"id": "A1"}, API, key="theirs")
    assert service.heard == []
