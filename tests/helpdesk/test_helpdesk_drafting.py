"""What customers asked becomes questions for evaluation only without personal data, and only once somebody looked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from helpdesk_shop import RETURNS, SHIPPING, Shop
from sqlalchemy.orm import Session

from components.core.errors import InvalidEvaluationSet, InvalidInput
from components.database.tables import ConversationRow, MessageRow, OutcomeRow
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.evaluation.draft_files import read_draft_file, write_draft_file
from components.helpdesk.evaluation.drafting import Decision, EvaluationDrafts

MakeShop = Callable[..., Shop]
ASKED = "How long does a parcel to Norway take? I am ann.berg@mail.example, order NT-20418873, Berg"
REFUSED = "Who won the chess cup?"
NOW = datetime.now(UTC)
SINCE, UNTIL = NOW - timedelta(days=1), NOW + timedelta(days=1)


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    return shop


def converse(
    shop: Shop, question: str, result: str, *, agent: Sequence[str] = (), rating: int | None = None
) -> AnsweredQuestion:
    """A conversation in which the question was answered from the knowledge, and which ended so."""
    answered = shop.workbench.answering.answer(shop.tenant.context, question, channel="web")
    tenant, conversation = shop.tenant.tenant_id, uuid4()

    def said(session: Session, sequence: int, author: str, text: str, **details: str) -> None:
        session.add(
            MessageRow(
                tenant_id=tenant,
                conversation_id=conversation,
                sequence=sequence,
                author=author,
                text=text,
                details=details,
            )
        )

    with shop.workbench.database.tenant(shop.tenant.context) as session:
        customer = {"name": "Ann Berg"}
        session.add(
            ConversationRow(
                conversation_id=conversation, tenant_id=tenant, channel="web", customer=customer, flow_version=0
            )
        )
        session.flush()
        said(session, 1, "customer", question)
        said(session, 2, "bot", answered.answer.text, answer_id=str(answered.answer_id))
        for sequence, text in enumerate(agent, start=3):
            said(session, sequence, "agent", text)
        session.add(
            OutcomeRow(tenant_id=tenant, conversation_id=conversation, result=result, rating=rating, ended_at=NOW)
        )
    return answered


def test_a_draft_has_no_personal_data_and_suggests_what_was_cited(shop: Shop) -> None:
    answered = converse(shop, ASKED, "verified")
    converse(shop, ASKED, "contained")
    converse(shop, REFUSED, "handed_over", agent=("Hello Ann.", "Ann, call me at +47 22 33 44 55: Magnus won.", "Bye!"))
    converse(shop, "What about refunds?", "abandoned")
    shop.workbench.answering.answer(shop.tenant.context, "Do you repair tents?", channel="evaluation")
    drafts = EvaluationDrafts(shop.workbench.database, shop.workbench.evaluation_sets)
    draft = drafts.draft_from_conversations(shop.tenant.context, SINCE, UNTIL)
    assert draft.repeated == 1
    texts = {each.question: each for each in draft.questions}
    question = "How long does a parcel to Norway take? I am [e-mail], order [number], [name]"
    assert texts.keys() == {question, REFUSED}
    assert texts[question].qrels == {"help/shipping.md": 1}
    assert texts[REFUSED].expected == "[name], call me at [phone]: Magnus won."
    assert "handed over" in texts[REFUSED].why
    assert (dict(texts[REFUSED].qrels), texts[question].look_at) == ({}, ())
    assert set(texts[REFUSED].look_at) & {"help/shipping.md", "help/returns.md", "help/refunds.md"}
    # Nothing is stored until a person has looked, and then only what they kept.
    assert shop.workbench.evaluation_sets.versions(shop.tenant.context) == []
    keep = texts[question].candidate_id
    decisions = {
        keep: Decision(True, question="How long to Norway? mail me: a@b.example"),
        texts[REFUSED].candidate_id: Decision(False),
    }
    stored = drafts.accept(shop.tenant.context, draft, decisions, "eve", name="asked", note="November")
    assert list(stored.queries.values()) == ["How long to Norway? mail me: [e-mail]"]
    (version,) = shop.workbench.evaluation_sets.versions(shop.tenant.context)
    assert (version.kind, version.reviewed_by, version.note) == ("conversations", "eve", "November")
    origin = shop.workbench.evaluation_sets.get(shop.tenant.context, "asked").provenance[keep]
    assert origin["conversation_id"]
    assert origin["answer_id"] != str(answered.answer_id) or draft.repeated


def test_a_thumb_or_stars_say_what_to_look_at_and_a_later_draft_adds_to_the_set(shop: Shop) -> None:
    context, workbench = shop.tenant.context, shop.workbench
    up, down = converse(shop, "Norway parcel?", "contained"), converse(shop, "When is the refund paid?", "contained")
    converse(shop, "Express to Norway?", "contained", rating=1)
    converse(shop, "Return unused tents?", "contained")
    workbench.feedback.rate(context, up.answer_id, 1)
    workbench.feedback.rate(context, down.answer_id, -1)
    drafts = EvaluationDrafts(workbench.database, workbench.evaluation_sets)
    draft = drafts.draft_from_ratings(context, SINCE, UNTIL)
    found = {each.question: (dict(each.qrels), each.why.split(", ")[1]) for each in draft.questions}
    assert found == {
        "Norway parcel?": ({"help/shipping.md": 1}, "thumb up"),
        "When is the refund paid?": ({}, "thumb down"),
        "Express to Norway?": ({}, "1 of 5 stars"),
    }
    read, none = read_draft_file(write_draft_file(draft))
    assert read.questions == draft.questions
    assert none == {}
    with pytest.raises(InvalidEvaluationSet, match="no question"):
        drafts.accept(context, read, none, "eve", name="rated")
    text = write_draft_file(draft)
    first, second = (each.candidate_id for each in draft.questions[:2])
    for candidate in (first, second):
        _, decisions = read_draft_file(text.replace(f"id: {candidate}\n  keep: null", f"id: {candidate}\n  keep: true"))
        assert decisions.keys() == {candidate}
        stored = drafts.accept(context, read, decisions, "eve", name="rated")
    assert stored.queries.keys() == {first, second}


def test_another_tenants_customers_are_not_in_a_draft(shop: Shop, make_shop: MakeShop) -> None:
    converse(shop, ASKED, "verified")
    other = make_shop(returns=RETURNS)
    drafts = EvaluationDrafts(shop.workbench.database, shop.workbench.evaluation_sets)
    assert drafts.draft_from_conversations(other.tenant.context, SINCE, UNTIL).questions == ()


@pytest.mark.parametrize(
    ("since", "until", "limit", "said"),
    [
        (UNTIL, SINCE, 10, "the earlier first"),
        (NOW + timedelta(days=2), NOW + timedelta(days=3), 10, "future"),
        (SINCE, UNTIL, 0, "limit=0"),
        (SINCE.replace(tzinfo=None), UNTIL, 10, "time zone"),
    ],
)
def test_a_range_that_cannot_be_is_refused(shop: Shop, since: datetime, until: datetime, limit: int, said: str) -> None:
    drafts = EvaluationDrafts(shop.workbench.database, shop.workbench.evaluation_sets)
    with pytest.raises(InvalidInput, match=said):
        drafts.draft_from_conversations(shop.tenant.context, since, until, limit)
