"""How soon customers are told of a change is measured whatever a run does, and whenever it dies."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from helpdesk_shop import RETURNS, SHIPPING, WARRANTY, Shop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.errors import Unavailable
from components.core.settings import Settings
from components.helpdesk.reports.filters import Filters, last_days
from components.helpdesk.reports.knowledge.freshness import SourceFreshness
from components.helpdesk.reports.knowledge.health import KnowledgeHealth
from components.helpdesk.reports.reports import Reports
from components.knowledge.folder_source import FolderSource
from components.warehouse.warehouse import Warehouse

MakeShop = Callable[..., Shop]
TODAY = last_days(datetime.now(UTC).date() + timedelta(days=1), 3)


@pytest.fixture(scope="module")
def health(workbench: object, helpdesk_settings: Settings) -> KnowledgeHealth:
    return KnowledgeHealth(workbench.database, Reports(Warehouse(helpdesk_settings.data_dir)))  # type: ignore[attr-defined]


def told(health: KnowledgeHealth, shop: Shop, filters: Filters = TODAY) -> SourceFreshness:
    (source,) = health.freshness(shop.tenant, filters)
    return source


def test_what_was_there_at_the_first_look_counts_from_when_it_was_seen(
    make_shop: MakeShop, health: KnowledgeHealth
) -> None:
    shop = make_shop(returns=RETURNS)
    os.utime(shop.folder / "returns.md", (1_600_000_000, 1_600_000_000))
    shop.ingest()
    found = told(health, shop)
    assert (found.documents, found.answerable.changes, found.answerable.from_seen, found.waiting) == (1, 1, 1, 0)
    assert found.answerable.most is not None
    assert 0 <= found.answerable.most < 600
    assert found.looked_at is not None


def test_a_change_counts_from_when_its_file_changed_and_a_deletion_from_when_it_was_seen(
    make_shop: MakeShop, health: KnowledgeHealth
) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    shop.write(shipping=SHIPPING.replace("nine days", "four weeks"))
    changed_at = (shop.folder / "shipping.md").stat().st_mtime
    shop.remove("returns")
    shop.ingest()
    found = told(health, shop)
    assert (found.answerable.changes, found.answerable.from_seen) == (3, 2)
    assert (found.unanswerable.changes, found.unanswerable.from_seen) == (1, 1)
    promoted = shop.workbench.ingestion.index(shop.tenant).promoted_at()
    assert promoted is not None
    assert found.answerable.most is not None
    assert found.answerable.most >= promoted.timestamp() - changed_at - 0.01
    yesterday = date.today() - timedelta(days=9)
    assert told(health, shop, Filters(yesterday, yesterday)).answerable.changes == 0


def test_a_file_that_brings_an_old_time_along_counts_from_when_it_was_seen(
    make_shop: MakeShop, health: KnowledgeHealth
) -> None:
    shop = make_shop(returns=RETURNS)
    shop.ingest()
    shop.write(shipping=SHIPPING, warranty=WARRANTY)
    os.utime(shop.folder / "shipping.md", (1_600_000_000, 1_600_000_000))
    os.utime(shop.folder / "warranty.md", (4_000_000_000, 4_000_000_000))
    shop.ingest()
    found = told(health, shop)
    assert (found.answerable.changes, found.answerable.from_seen) == (3, 3)
    assert found.answerable.most is not None
    assert found.answerable.most < 600


def test_a_run_that_dies_after_its_promotion_is_told_as_of_that_promotion(
    make_shop: MakeShop, health: KnowledgeHealth
) -> None:
    shop = make_shop(returns=RETURNS)
    shop.ingest()
    shop.write(shipping=SHIPPING)
    ingestion = shop.workbench.ingestion
    ingestion.collect(shop.tenant, [shop.source])
    ingestion.parse(shop.tenant)
    ingestion.chunk(shop.tenant)
    ingestion.embed(shop.tenant)
    assert told(health, shop).waiting == 1
    index = ingestion.index(shop.tenant)
    index.promote(index.version)  # and here the run is killed, before it could say so
    os.utime(index._folder / "served.json", (datetime.now(UTC).timestamp() + 30,) * 2)
    assert told(health, shop).waiting == 1
    ingestion.collect(shop.tenant, [shop.source])
    found = told(health, shop)
    assert (found.waiting, found.answerable.changes) == (0, 2)
    assert found.answerable.most is not None
    assert found.answerable.most > 25


def test_a_document_that_cannot_be_read_waits_and_is_told_apart(make_shop: MakeShop, health: KnowledgeHealth) -> None:
    shop = make_shop(returns=RETURNS)
    shop.ingest()
    shop.write(returns=b"\xff", shipping=SHIPPING)
    shop.ingest()
    found = told(health, shop)
    assert (found.waiting, found.unreadable) == (1, 1)
    assert found.waiting_since is not None
    shop.write(returns=RETURNS.replace("45", "30"))
    shop.ingest()
    found = told(health, shop)
    assert (found.waiting, found.unreadable, found.answerable.changes) == (0, 0, 4)


def test_what_is_taken_back_before_anybody_could_ask_is_waited_for_no_longer(
    make_shop: MakeShop, health: KnowledgeHealth
) -> None:
    shop = make_shop(returns=RETURNS)
    shop.ingest()
    ingestion = shop.workbench.ingestion
    shop.write(shipping=SHIPPING)
    ingestion.collect(shop.tenant, [shop.source])
    shop.remove("shipping")
    ingestion.collect(shop.tenant, [shop.source])
    assert told(health, shop).waiting == 0
    shop.remove("returns")
    ingestion.collect(shop.tenant, [shop.source])
    assert told(health, shop).waiting == 1
    shop.write(returns=RETURNS)
    shop.ingest()
    found = told(health, shop)
    assert (found.waiting, found.unanswerable.changes) == (0, 0)


def test_a_source_that_fails_says_since_when_and_why(make_shop: MakeShop, health: KnowledgeHealth) -> None:
    shop = make_shop(returns=RETURNS)
    shop.ingest()
    gone = FolderSource("help", shop.folder / "gone")
    for _ in range(2):
        with pytest.raises(Unavailable):
            shop.workbench.ingestion.collect(shop.tenant, [gone])
    found = told(health, shop)
    assert found.failed_at is not None
    assert found.looked_at is not None
    assert found.looked_at < found.failed_at
    assert "gone" in (found.failure or "")
    shop.ingest()
    assert told(health, shop).failed_at is None


def test_another_tenants_changes_are_not_told(make_shop: MakeShop, health: KnowledgeHealth) -> None:
    ours, theirs = make_shop(returns=RETURNS), make_shop(shipping=SHIPPING, warranty=WARRANTY)
    ours.ingest()
    theirs.ingest()
    assert told(health, ours).answerable.changes == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["returns", "shipping"]),
        st.sampled_from([None, b"\xff", b"# Tea\n\nWe sell green tea.\n", b"# Tea\n\nWe sell black tea.\n"]),
        st.sampled_from(["nothing", "collect", "parse", "chunk", "embed", "promoted", "all"]),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_whatever_runs_die_of_nothing_readable_waits_after_a_whole_one(
    make_shop: MakeShop, health: KnowledgeHealth, steps: list[tuple[str, bytes | None, str]]
) -> None:
    shop = make_shop(base=WARRANTY)
    shop.ingest()
    for name, content, until in steps:
        (shop.folder / f"{name}.md").unlink(missing_ok=True)
        if content is not None:
            shop.write(**{name: content + uuid4().hex.encode()})
        run_until(shop, until)
    shop.ingest()
    found = told(health, shop)
    assert found.waiting == found.unreadable
    assert found.unreadable == len(shop.workbench.ingestion.problems(shop.tenant))
    for delays in (found.answerable, found.unanswerable):
        assert (delays.median is None) == (delays.changes == 0)
        assert delays.changes == 0 or (delays.most or 0) >= (delays.p90 or 0) >= (delays.median or 0) >= 0


def run_until(shop: Shop, stage: str) -> None:
    """A run that is killed after this stage."""
    ingestion = shop.workbench.ingestion
    if stage == "all":
        shop.ingest()
        return
    stages: dict[str, Callable[[], object]] = {
        "nothing": lambda: None,
        "collect": lambda: ingestion.collect(shop.tenant, [shop.source]),
        "parse": lambda: ingestion.parse(shop.tenant),
        "chunk": lambda: ingestion.chunk(shop.tenant),
        "embed": lambda: ingestion.embed(shop.tenant),
        "promoted": lambda: promote_only(shop),
    }
    for name, work in stages.items():
        work()
        if name == stage:
            return


def promote_only(shop: Shop) -> None:
    index = shop.workbench.ingestion.index(shop.tenant)
    index.promote(index.version)
