"""Every answer explains itself: what it was made of, why it is what it is, and what the same question gets today."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from helpdesk_shop import NORWAY, RETURNS, SHIPPING, WARRANTY, Shop
from hypothesis import given, settings
from hypothesis import strategies as st

from components.bootstrap import Workbench, build_workbench
from components.core.errors import InvalidInput, NotFound
from components.core.model_use import ModelUse
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from components.helpdesk.answer_lineage import AnswerLineage, PassageLineage
from components.helpdesk.answer_replay import difference, replay
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.evaluation.answer_run import Variant
from components.helpdesk.evaluation.answer_runs import questions_of
from tests.gateway.redis_fixtures import running_redis
from tests.helpdesk.scripted_model_server import ScriptedServer, scripted_server
from tests.model_uses import of_web, recorded_uses

SAID = ("A parcel to Norway ", "takes nine days [1].")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MakeShop = Callable[..., Shop]


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as served:
        yield served


@pytest.fixture(scope="module")
def redis_folder() -> Iterator[Path]:
    with running_redis() as folder:
        yield folder


@pytest.fixture(scope="module")
def modelled(
    server: ScriptedServer,
    redis_folder: Path,
    postgres: DatabaseAddresses,
    helpdesk_settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workbench]:
    """A workbench whose tenants may use the scripted model, with Redis."""
    from components.shared_state.embedded_redis import read_address

    changes = {
        "models": server.catalogue(tmp_path_factory.mktemp("models")),
        "redis_url": read_address(redis_folder),
        "data_dir": helpdesk_settings.data_dir,
    }
    workbench = build_workbench(Settings.model_validate(changes), postgres)
    yield workbench
    workbench.close()


@pytest.fixture
def shop(modelled: Workbench, server: ScriptedServer, tmp_path: Path) -> Shop:
    """A tenant with three articles, whose questions the scripted model answers."""
    server.says(*SAID)
    server.requests.clear()
    return new_shop(modelled, tmp_path)


def new_shop(workbench: Workbench, tmp_path: Path, **config: object) -> Shop:
    domain = f"shop-{uuid4().hex[:12]}.example"
    folder = tmp_path / domain
    folder.mkdir()
    settled = {"high_accuracy_model": "scripted", "models": [], **config}
    shop = Shop(workbench.tenants.create("Shop", domain, settled), folder, workbench)
    shop.write(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    shop.ingest()
    return shop


def ask(shop: Shop, question: str = NORWAY, **more: object) -> AnsweredQuestion:
    return shop.workbench.answering.answer(shop.tenant.context, question, **more)  # type: ignore[arg-type]


def lineage(shop: Shop, answered: AnsweredQuestion) -> AnswerLineage:
    return shop.workbench.answers.get(shop.tenant.context, answered.answer_id)


def test_what_a_model_was_asked_for_stands_beside_what_it_cost(shop: Shop) -> None:
    context, conversation = shop.tenant.context, uuid4()
    given = ask(shop, channel="web", conversation_id=conversation)
    ask(shop, "Do parcels go to Norway?", channel="api")
    ask(shop, "Do you send to Norway?", channel="cli")
    replay(shop.workbench.answering, shop.workbench.answers, context, given.answer_id)
    for channel in ("evaluation", "playground"):
        shop.workbench.answer_evaluations.run(
            context, questions_of([NORWAY]), Variant(), labelled=False, channel=channel
        )
    inside = [ModelUse(each) for each in ("cli", "replay", "evaluation", "playground")]
    assert recorded_uses(shop.workbench.database, context, 6) == [
        of_web(conversation),
        ModelUse("customer", "api"),
        *inside,
    ]


def test_a_language_models_answer_is_stored_with_all_that_it_came_from(shop: Shop) -> None:
    pieces: list[str] = []
    given = ask(shop, trace_id=TRACE, top_k=3, channel="chat", on_text=pieces.append)
    stored = lineage(shop, given)
    assert "".join(pieces) == stored.text == "".join(SAID)
    assert (stored.trace_id, stored.channel, stored.top_k, stored.reason) == (TRACE, "chat", 3, None)
    assert (stored.model, stored.provider, stored.prompt_id, stored.prompt_version) == (
        "scripted",
        "openai",
        "answer",
        0,
    )
    assert (stored.input_tokens, stored.output_tokens, stored.tokens_estimated) == (100, 10, False)
    assert (stored.cost, stored.currency) == (Decimal("0.00024"), "EUR")
    assert (stored.cache_hit, stored.retries, stored.cached_from) == (False, 0, None)
    assert [(attempt.model, attempt.error) for attempt in stored.attempts] == [("scripted", None)]
    assert [stored.text[each.start : each.end].strip() for each in stored.sentences if each.supported]
    assert stored.index_version == given.index_version
    assert len(stored.pipeline_version or "") == 12
    assert {"vector", "text", "fused"} <= set(stored.passages[0].scores)
    assert stored.passages[0].used
    assert [citation.document_id for citation in stored.citations] == ["help/shipping.md"]
    assert stored.seconds["total"] >= stored.seconds["answerer"] > 0


def test_quoting_for_a_tenant_without_a_language_model_is_no_failure(
    modelled: Workbench, server: ScriptedServer, tmp_path: Path
) -> None:
    server.requests.clear()
    shop = new_shop(modelled, tmp_path, high_accuracy_model=None)
    stored = lineage(shop, ask(shop))
    assert (stored.model, stored.reason, stored.cost) == ("extractive", None, 0)
    assert stored.answered
    assert not server.requests


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (("A parcel to Norway takes forty-one days and costs 900 euros [1].",), "unsupported"),
        (("I do not know.",), "retrieved_unused"),
        ((), "provider_down"),
    ],
)
def test_an_answer_that_had_to_be_quoted_says_why(
    shop: Shop, server: ScriptedServer, says: tuple[str, ...], reason: str
) -> None:
    if says:
        server.says(*says)
    else:
        server.says(status=500)
    stored = lineage(shop, ask(shop))
    assert (stored.reason, stored.provider, stored.answered) == (reason, "extractive", True)
    assert "nine days" in stored.text


def test_a_budget_that_is_used_up_is_the_reason(modelled: Workbench, server: ScriptedServer, tmp_path: Path) -> None:
    server.says(*SAID)
    shop = new_shop(modelled, tmp_path, budget={"daily": {"tokens": 1}})
    ask(shop)
    stored = lineage(shop, ask(shop, "How long is the warranty of a tent?"))
    assert (stored.reason, stored.model) == ("budget", "extractive")


def test_a_refusal_says_whether_the_evidence_was_weak_or_the_index_empty(shop: Shop) -> None:
    weak = lineage(shop, ask(shop, "Which composer wrote the opera about the barber of Seville?"))
    assert (weak.answered, weak.reason, [each for each in weak.passages if each.used]) == (False, "low_confidence", [])
    for name in ("returns", "shipping", "warranty"):
        shop.remove(name)
    shop.ingest()
    empty = lineage(shop, ask(shop))
    assert (empty.answered, empty.reason, empty.passages) == (False, "not_indexed", ())


def test_another_tenant_finds_neither_the_answer_nor_its_kept_copy(
    shop: Shop, modelled: Workbench, server: ScriptedServer, tmp_path: Path
) -> None:
    ours = ask(shop)
    other = new_shop(modelled, tmp_path)
    with pytest.raises(NotFound) as raised:
        modelled.answers.get(other.tenant.context, ours.answer_id)
    assert raised.value.field == "answer_id"
    theirs = ask(other)
    assert theirs.cache == "miss"
    assert len(server.requests) == 2
    assert [each.answer_id for each in modelled.answers.list(other.tenant.context)] == [theirs.answer_id]
    with pytest.raises(NotFound):
        replay(modelled.answering, modelled.answers, other.tenant.context, ours.answer_id)


def test_answers_are_listed_newest_first_and_by_reason(shop: Shop) -> None:
    known, unknown = ask(shop), ask(shop, "Who wrote the opera about the barber of Seville?")
    log, tenant = shop.workbench.answers, shop.tenant.context
    assert [each.answer_id for each in log.list(tenant)] == [unknown.answer_id, known.answer_id]
    assert [each.answer_id for each in log.list(tenant, reason="low_confidence")] == [unknown.answer_id]
    assert [each.answer_id for each in log.list(tenant, limit=1)] == [unknown.answer_id]
    for bad, field in (({"reason": "bad weather"}, "reason"), ({"limit": 0}, "limit")):
        with pytest.raises(InvalidInput) as raised:
            log.list(tenant, **bad)  # type: ignore[arg-type]
        assert raised.value.field == field


def test_an_equal_question_is_answered_from_the_cache_as_an_answer_of_its_own(
    shop: Shop, server: ScriptedServer
) -> None:
    first = ask(shop)
    pieces: list[str] = []
    again = ask(shop, f" {NORWAY} ", on_text=pieces.append)
    assert (first.cache, again.cache, len(server.requests)) == ("miss", "hit", 1)
    assert "".join(pieces) == again.answer.text == first.answer.text
    assert again.answer.citations == first.answer.citations
    stored = lineage(shop, again)
    assert (stored.cache_hit, stored.cached_from, stored.cost) == (True, first.answer_id, 0)
    assert stored.answer_id != first.answer_id
    assert stored.trace_id != lineage(shop, first).trace_id
    assert stored.passages == lineage(shop, first).passages


def test_whatever_decides_an_answer_makes_a_miss_when_it_changes(shop: Shop, server: ScriptedServer) -> None:
    tenant = shop.tenant.context
    ask(shop)
    assert ask(shop).cache == "hit"
    assert ask(shop, top_k=2).cache == "miss"
    assert ask(shop, refusal="Ring us.").cache == "miss"
    prompts = shop.workbench.prompts
    active = prompts.active(tenant)
    version = prompts.save(tenant, "answer", f"{active.system}\nBe kind.", active.user, author="tests", note="kind")
    prompts.activate(tenant, "answer", version, "tests")
    assert ask(shop).cache == "miss"
    assert ask(shop).prompt_version == version
    shop.workbench.tenants.update_config(shop.tenant.tenant_id, {"high_accuracy_model": "scripted-small"})
    assert ask(shop).answer.model == "scripted-small"
    shop.write(extra="# Extra\n\nA parcel to Norway is insured up to 500 euros.\n")
    shop.ingest()
    assert ask(shop).cache == "miss"


def test_a_poorer_answer_is_not_kept(shop: Shop, server: ScriptedServer) -> None:
    server.says("I do not know.")
    assert ask(shop).answer.reason == "retrieved_unused"
    server.says(*SAID)
    assert ask(shop).answer.reason in (None, "retrieved_unused")
    assert ask(shop, refusal="other words").cache == "miss"


def test_an_erased_documents_answers_are_purged_from_redis(shop: Shop, redis_folder: Path) -> None:
    ask(shop)
    prefix = f"helpdesk:{shop.tenant.tenant_id}:prompt:"
    assert kept(redis_folder, prefix)
    shop.remove("shipping")
    shop.ingest()
    assert not kept(redis_folder, prefix)


def test_a_deleted_tenants_answers_are_purged_from_redis(shop: Shop, redis_folder: Path) -> None:
    shop.workbench.answering.answer(shop.tenant.context, NORWAY)
    prefix = f"helpdesk:{shop.tenant.tenant_id}:prompt:*"
    assert kept(redis_folder, prefix)
    shop.workbench.tenants.delete(shop.tenant.tenant_id)
    assert not kept(redis_folder, prefix)


def kept(redis_folder: Path, prefix: str) -> list[bytes]:
    import redis

    from components.shared_state.embedded_redis import read_address

    with redis.Redis.from_url(read_address(redis_folder) or "") as client:
        return list(client.scan_iter(f"{prefix}*"))


def test_without_redis_every_question_is_answered_and_says_that_nothing_is_kept(
    workbench: Workbench, make_shop: MakeShop
) -> None:
    shop = make_shop(shipping=SHIPPING)
    shop.ingest()
    answered = [ask(shop), ask(shop)]
    assert [each.cache for each in answered] == ["unavailable", "unavailable"]
    assert all("nine days" in each.answer.text for each in answered)


def test_what_a_model_writes_and_postgresql_cannot_keep_is_replaced() -> None:
    from components.helpdesk.storable import made_readable

    assert made_readable("a\0b\ud83dc") == "a\ufffdb\ufffdc"


def test_a_replay_of_an_unchanged_world_asks_the_model_and_finds_no_difference(
    shop: Shop, server: ScriptedServer
) -> None:
    answered = ask(shop)
    found = replay(shop.workbench.answering, shop.workbench.answers, shop.tenant.context, answered.answer_id)
    nothing = found.difference
    assert (nothing.text, nothing.changes, nothing.entered, nothing.left, nothing.moved) == ((), (), (), (), ())
    assert (found.after.channel, found.after.cache_hit, len(server.requests)) == ("replay", False, 2)
    assert found.before.answer_id == answered.answer_id


def test_a_replay_shows_what_other_knowledge_and_another_model_changed(shop: Shop, server: ScriptedServer) -> None:
    answered = ask(shop)
    shop.write(shipping=SHIPPING.replace("nine days", "four days"))
    shop.ingest()
    server.says("A parcel to Norway takes four days [1].")
    shop.workbench.tenants.update_config(shop.tenant.tenant_id, {"high_accuracy_model": "scripted-small"})
    found = replay(shop.workbench.answering, shop.workbench.answers, shop.tenant.context, answered.answer_id)
    changes = {change.name: (change.before, change.after) for change in found.difference.changes}
    assert changes["model"] == ("scripted", "scripted-small")
    assert {"index_version"} <= set(changes)
    assert (len(found.difference.entered), len(found.difference.left)) == (1, 1)
    assert any(line.startswith("-") and "nine days" in line for line in found.difference.text)
    assert any(line.startswith("+") and "four days" in line for line in found.difference.text)


def test_a_replayed_refusal_keeps_the_words_it_was_told_in(shop: Shop) -> None:
    refused = ask(shop, "Who wrote the opera about the barber of Seville?", refusal="Ring us.")
    found = replay(shop.workbench.answering, shop.workbench.answers, shop.tenant.context, refused.answer_id)
    assert found.after.text == "Ring us."
    assert found.difference.text == ()


BLANK = AnswerLineage(
    answer_id=uuid4(),
    trace_id=None,
    created_at=datetime.now(UTC),
    channel="api",
    question="?",
    text="",
    answered=False,
    reason=None,
    confidence=0.0,
    threshold=0.0,
    pipeline="hybrid",
    pipeline_version=None,
    index_version=1,
    prompt_id=None,
    prompt_version=None,
    model="extractive",
    provider=None,
    top_k=None,
    passages=(),
    citations=(),
    input_tokens=0,
    output_tokens=0,
    tokens_estimated=False,
    cost=Decimal(0),
    currency=None,
    cache_hit=False,
    cached_from=None,
    retries=0,
    attempts=(),
    sentences=(),
    citations_removed=0,
    first_text_seconds=None,
    seconds={},
)


def ranked(chunk_ids: Sequence[str]) -> AnswerLineage:
    return replace(BLANK, passages=tuple(PassageLineage(each, "d", {}, False) for each in chunk_ids))


@settings(max_examples=60, deadline=None)
@given(
    before=st.lists(st.sampled_from("abcdefg"), unique=True, max_size=7),
    after=st.lists(st.sampled_from("abcdefg"), unique=True, max_size=7),
)
def test_the_difference_tells_the_later_ranking_from_the_earlier_one(before: list[str], after: list[str]) -> None:
    found = difference(ranked(before), ranked(after))
    assert set(found.left) == set(before) - set(after)
    assert set(found.entered) == set(after) - set(before)
    places: dict[str, int] = {chunk: before.index(chunk) + 1 for chunk in before if chunk not in found.left}
    places |= {move.chunk_id: move.after for move in found.moved}
    places |= {chunk: after.index(chunk) + 1 for chunk in found.entered}
    assert [chunk for chunk, _ in sorted(places.items(), key=lambda pair: pair[1])] == after
    assert (difference(ranked(before), ranked(before)).moved, found.text, found.changes) == ((), (), ())
