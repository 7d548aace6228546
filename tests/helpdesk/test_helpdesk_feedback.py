"""Thumbs on answers: stored once, replaced by the next, and never across tenants."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from helpdesk_shop import NORWAY, SHIPPING, Shop
from sqlalchemy import select

from components.core.errors import InvalidInput, NotFound
from components.database.session import Database
from components.database.tables import FeedbackRow

MakeShop = Callable[..., Shop]


def test_the_last_rating_counts_and_another_tenants_answer_is_not_found(
    make_shop: MakeShop, database: Database
) -> None:
    ours, theirs = make_shop(shipping=SHIPPING), make_shop()
    ours.ingest()
    feedback = ours.workbench.feedback
    answer_id = ours.workbench.answering.answer(ours.tenant.context, NORWAY).answer_id
    feedback.rate(ours.tenant.context, answer_id, 1)
    feedback.rate(ours.tenant.context, answer_id, -1, "too late")
    for tenant, wanted in ((theirs.tenant, answer_id), (ours.tenant, uuid4())):
        with pytest.raises(NotFound) as raised:
            feedback.rate(tenant.context, wanted, 1)
        assert raised.value.field == "answer_id"
    bad = [({"rating": 0}, "rating"), ({"comment": "x" * 2001}, "comment"), ({"comment": "a\0"}, "comment")]
    for change, field in bad:
        with pytest.raises(InvalidInput) as refused:
            feedback.rate(ours.tenant.context, answer_id, **{"rating": 1, **change})
        assert refused.value.field == field
    with database.tenant(ours.tenant.context) as session:
        rows = session.scalars(select(FeedbackRow)).all()
    assert [(row.answer_id, row.rating, row.comment) for row in rows] == [(answer_id, -1, "too late")]
