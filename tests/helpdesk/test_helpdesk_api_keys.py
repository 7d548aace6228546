"""API keys: only the right one opens, and only its own tenant."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from components.core.errors import InvalidApiKey, InvalidInput, NotFound
from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import ApiKeyRow, AuditLogRow
from components.helpdesk.api_keys import ApiKeys

RELAXED = settings(max_examples=40, deadline=None)

MakeTenant = Callable[..., Tenant]


@pytest.fixture(scope="module")
def api_keys(database: Database) -> ApiKeys:
    return ApiKeys(database)


def test_a_key_says_whose_it_is(api_keys: ApiKeys, make_tenant: MakeTenant) -> None:
    ours, theirs = make_tenant().context, make_tenant().context
    assert api_keys.verify(api_keys.issue(ours, "chat").key) == ours
    assert api_keys.verify(api_keys.issue(theirs, "chat").key) == theirs


def test_the_secret_is_stored_and_shown_nowhere(api_keys: ApiKeys, make_tenant: MakeTenant, database: Database) -> None:
    context = make_tenant().context
    issued = api_keys.issue(context, "chat")
    secret = issued.key.split("_", 3)[3]
    with database.tenant(context) as session:
        rows = [*session.scalars(select(ApiKeyRow)), *session.scalars(select(AuditLogRow))]
        assert len(rows) == 2
        assert all(secret not in str(vars(row)) for row in rows)
    assert secret not in repr(issued)


def test_a_wrong_secret_or_another_tenants_id_opens_nothing(api_keys: ApiKeys, make_tenant: MakeTenant) -> None:
    ours, theirs = make_tenant().context, make_tenant().context
    key = api_keys.issue(ours, "chat").key
    wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
    for bad in (wrong, key.replace(ours.tenant_id.hex, theirs.tenant_id.hex), key + "\n", key.upper(), f" {key}"):
        with pytest.raises(InvalidApiKey):
            api_keys.verify(bad)


def test_a_revoked_key_opens_nothing_and_others_still_do(api_keys: ApiKeys, make_tenant: MakeTenant) -> None:
    context = make_tenant().context
    lost, kept = api_keys.issue(context, "lost"), api_keys.issue(context, "kept")
    api_keys.revoke(context, lost.key_id)
    api_keys.revoke(context, lost.key_id)
    with pytest.raises(InvalidApiKey):
        api_keys.verify(lost.key)
    assert api_keys.verify(kept.key) == context


def test_another_tenant_cannot_revoke_a_key(api_keys: ApiKeys, make_tenant: MakeTenant) -> None:
    ours, theirs = make_tenant().context, make_tenant().context
    issued = api_keys.issue(ours, "chat")
    with pytest.raises(NotFound, match=issued.key_id):
        api_keys.revoke(theirs, issued.key_id)
    assert api_keys.verify(issued.key) == ours


@pytest.mark.parametrize("label", ["", "  ", "x" * 201, "a\0"])
def test_a_bad_label_is_refused_by_its_field(api_keys: ApiKeys, make_tenant: MakeTenant, label: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        api_keys.issue(make_tenant().context, label)
    assert raised.value.field == "label"


@RELAXED
@given(st.text(max_size=100) | st.from_regex(r"hd_[0-9a-f]{32}_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", fullmatch=True))
def test_any_other_text_is_no_key(api_keys: ApiKeys, text: str) -> None:
    with pytest.raises(InvalidApiKey):
        api_keys.verify(text)
