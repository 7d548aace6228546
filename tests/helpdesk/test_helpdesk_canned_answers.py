"""Canned answers are a tenant's own, named, bounded, and hold no placeholder that nobody can fill in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from components.core.errors import InvalidInput, NotFound
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.handover import canned_answers
from components.helpdesk.handover.canned_answers import LONGEST_TEXT, CannedAnswers


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> TenantContext:
    return make_tenant().context


@pytest.fixture
def canned(database: Database) -> CannedAnswers:
    return CannedAnswers(database)


def test_they_are_listed_by_name_with_their_last_text(canned: CannedAnswers, tenant: TenantContext) -> None:
    for name, text in (("b", "Later"), ("a", " Hello {{customer.name}} "), ("b", "Soon")):
        canned.put(tenant, name, text)
    assert [(each.name, each.text) for each in canned.list(tenant)] == [("a", "Hello {{customer.name}}"), ("b", "Soon")]


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("Bye", "x", "lower-case"),
        ("", "x", "lower-case"),
        ("bye", " ", "1 to 4000"),
        ("bye", "x" * (LONGEST_TEXT + 1), "4001"),
        ("bye", "{{ user.name }}", "customer.name"),
        ("bye", "a\0b", "U\\+0000"),
    ],
)
def test_one_that_would_not_work_is_refused_with_what_is_allowed(
    canned: CannedAnswers, tenant: TenantContext, name: str, text: str, named: str
) -> None:
    with pytest.raises(InvalidInput, match=named):
        canned.put(tenant, name, text)


def test_there_are_only_so_many_and_those_there_are_can_still_be_changed(
    canned: CannedAnswers, tenant: TenantContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canned_answers, "MOST_ANSWERS", 2)
    canned.put(tenant, "a", "A")
    canned.put(tenant, "b", "B")
    with pytest.raises(InvalidInput, match="delete some"):
        canned.put(tenant, "c", "C")
    assert canned.put(tenant, "b", "C").text == "C"


def test_another_tenant_has_its_own(
    canned: CannedAnswers, tenant: TenantContext, make_tenant: Callable[..., Tenant]
) -> None:
    canned.put(tenant, "a", "A")
    other = make_tenant().context
    assert canned.list(other) == ()
    with pytest.raises(NotFound):
        canned.delete(other, "a")
    canned.put(other, "a", "B")
    canned.delete(tenant, "a")
    assert [each.text for each in canned.list(other)] == ["B"]
