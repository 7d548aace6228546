"""Who sees which facts, while they change, and how figures leave the helpdesk."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import get_args
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from components.core.answers import Reason
from components.core.errors import InvalidInput, NotFound
from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.conversations.opening import store_opening
from components.helpdesk.conversations.turn_records import NewMessage, TurnResult
from components.helpdesk.evaluation.intervals import Interval, mean_within, share
from components.helpdesk.reports.choices import choices
from components.helpdesk.reports.conversation_list import Behind, conversation_list
from components.helpdesk.reports.dashboard_queries import DASHBOARD_QUERIES
from components.helpdesk.reports.definitions import DEFINITIONS, definition_of
from components.helpdesk.reports.deflection import deflection, deflection_by
from components.helpdesk.reports.exports import About, as_csv, as_parquet
from components.helpdesk.reports.facts import CONVERSATIONS, FACTS
from components.helpdesk.reports.filters import Filters, last_days
from components.helpdesk.reports.headlines import headlines
from components.helpdesk.reports.reports import KEPT
from components.helpdesk.reports.selection import Grouping
from components.helpdesk.reports.topics import REASONS, IntentFigures
from components.helpdesk.reports.transcripts import transcript
from tests.helpdesk.report_rows import NEW_YORK, PERIOD, REFRESHED, VIENNA, Facts, PublishedFacts, Row

DAY = datetime(2026, 10, 27, 9)


def talk(tenant: Tenant, number: int, **told: object) -> Row:
    row: Row = dict.fromkeys(CONVERSATIONS.schema.names)
    row |= {"tenant_id": str(tenant.tenant_id), "conversation_id": f"c{number}", "channel": "web", "reopened": 0}
    row |= {"started_at": DAY, "day": DAY.date(), "ended_at": DAY, "ended_day": DAY.date(), "result": "contained"}
    return row | told


def talks(tenant: Tenant, count: int, **told: object) -> Facts:
    return {CONVERSATIONS: [talk(tenant, number, **told) for number in range(count)]}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: Filters(date(2026, 11, 2), date(2026, 11, 1)), "since=2026-11-02 is after until=2026-11-01"),
        (lambda: Filters(date(2000, 1, 1), date(2026, 11, 1)), "at most 3660"),
        (lambda: Filters(date(2026, 1, 1), date(2026, 1, 1), channels=("a\n",)), "channels='a\\\\n'"),
        (lambda: last_days(date(2026, 1, 1), 0), "days=0: 1 to 3660"),
        (lambda: Behind("ended", reason="budget"), "reason goes with of=answers or handovers"),
        (lambda: Behind(results=("won",)), "results='won': allowed are open"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_filter_is_refused_with_what_is_allowed(wrong: Callable[[], object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        wrong()


def test_a_grouping_that_a_dataset_has_not_is_refused_by_name() -> None:
    with PublishedFacts({}) as published, published.reports.open([VIENNA]) as reader:
        by: Grouping = "reason"
        with pytest.raises(InvalidInput, match="by='reason': for conversations allowed are day, tenant, channel"):
            deflection_by(reader, PERIOD, by)


def test_the_period_before_is_as_long_and_ends_where_the_period_begins() -> None:
    before = Filters(date(2026, 11, 1), date(2026, 11, 30)).before()
    assert (before.since, before.until, before.days) == (date(2026, 10, 2), date(2026, 10, 31), 30)


def test_a_reader_of_one_tenant_never_counts_another() -> None:
    rows = {CONVERSATIONS: [*talks(VIENNA, 3)[CONVERSATIONS], *talks(NEW_YORK, 5)[CONVERSATIONS]]}
    with PublishedFacts(rows) as published:
        for tenants, expected in (([VIENNA], 3), ([NEW_YORK], 5), ([VIENNA, NEW_YORK], 8), ([], 0)):
            with published.reports.open(tenants) as reader:
                for name, ask in DASHBOARD_QUERIES.items():
                    assert ask(reader, PERIOD) is not None, name
                assert deflection(reader, PERIOD).counts.total_sessions == expected
                assert conversation_list(reader, PERIOD).total == expected


def test_a_reader_goes_on_with_what_it_opened_and_the_next_one_sees_what_is_new() -> None:
    with PublishedFacts(talks(VIENNA, 2)) as published, published.reports.open([VIENNA]) as reader:
        published.publish(VIENNA, talks(VIENNA, 4))
        assert deflection(reader, PERIOD).counts.total_sessions == 2
        with published.reports.open([VIENNA]) as newer:
            assert deflection(newer, PERIOD).counts.total_sessions == 4
        assert deflection(reader, PERIOD).counts.total_sessions == 2


def test_readers_side_by_side_share_and_outlive_what_is_kept_open() -> None:
    sets = [Tenant(uuid4(), f"T{number}", f"t{number}.example") for number in range(KEPT + 2)]
    with PublishedFacts(talks(VIENNA, 7)) as published:

        def ask(tenant: Tenant) -> int:
            with published.reports.open([VIENNA, tenant]) as reader:
                return deflection(reader, PERIOD).counts.total_sessions

        with published.reports.open([VIENNA]) as first, ThreadPoolExecutor(4) as pool:
            assert set(pool.map(ask, sets * 2)) == {7}
            published.reports.close()
            assert deflection(first, PERIOD).counts.total_sessions == 7


def test_facts_are_complete_up_to_when_the_last_tenant_was_refreshed() -> None:
    with PublishedFacts(talks(VIENNA, 1)) as published:
        with published.reports.open([VIENNA, NEW_YORK]) as reader:
            assert reader.refreshed_at == REFRESHED
        with published.reports.open([VIENNA, Tenant(uuid4(), "New", "new.example")]) as reader:
            assert reader.refreshed_at is None


def test_headlines_stand_beside_the_period_before_and_tell_what_is_more_than_chance() -> None:
    before = DAY - timedelta(days=PERIOD.days)
    rows = talks(VIENNA, 60)[CONVERSATIONS] + [
        talk(VIENNA, 100 + number, started_at=before, ended_at=before, ended_day=before.date(), result="abandoned")
        for number in range(60)
    ]
    with PublishedFacts({CONVERSATIONS: rows}) as published, published.reports.open([VIENNA]) as reader:
        told = {each.name: each for each in headlines(reader, PERIOD)}
    assert (told["conversations"].now, told["conversations"].before) == (60, 60)
    assert (told["deflection"].now, told["deflection"].before, told["deflection"].change) == (1.0, 0.0, 1.0)
    assert told["deflection"].is_clear is True
    assert told["verified"].is_clear is False
    assert told["rating"].now is told["rating"].is_clear is None


def test_there_is_to_choose_what_the_facts_have() -> None:
    rows = {CONVERSATIONS: [*talks(VIENNA, 3)[CONVERSATIONS], talk(VIENNA, 9, channel="email", intent="refund")]}
    with PublishedFacts(rows) as published, published.reports.open([VIENNA]) as reader:
        found = choices(reader)
    assert (found.channels, found.intents, found.models) == (("web", "email"), ("", "refund"), ("",))
    assert found.first == found.last == DAY.date()


def test_every_figure_has_its_definition_and_every_reason_its_explanation() -> None:
    with PublishedFacts({}) as published, published.reports.open([VIENNA]) as reader:
        shown = {each.name for each in headlines(reader, PERIOD)}
    assert shown <= set(DEFINITIONS)
    for name in DASHBOARD_QUERIES:
        assert definition_of(name).counts
    assert set(REASONS) == set(get_args(Reason))


@given(st.integers(1, 100_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_a_share_has_wilsons_interval(case: tuple[int, int]) -> None:
    found = share(*case)
    expected = binomtest(*case).proportion_ci(0.95, method="wilson")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_a_mean_of_stars_keeps_within_the_stars_and_is_unsure_of_few() -> None:
    one, many = mean_within(5, 1, 1, 5), mean_within(5000, 1000, 1, 5)
    assert one is not None
    assert many is not None
    assert one.high == many.high == 5.0
    assert 1 <= one.low < 3 < 4.9 < many.low
    assert mean_within(0, 0, 1, 5) is None


@dataclass(frozen=True)
class Line:
    text: str | None
    number: int
    of: Interval | None
    at: datetime | None


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
ABOUT = About("conversation_list", Filters(PERIOD.since, PERIOD.until, channels=("web",)), ("a.example",), REFRESHED)


@given(st.lists(st.builds(Line, texts, st.integers(-9, 9), st.none() | st.just(Interval(0.5, 0.25, 0.75)), st.none())))
def test_what_is_exported_is_read_again_and_starts_no_formula(lines: list[Line]) -> None:
    told = list(csv.reader(io.StringIO(as_csv(Line, lines, ABOUT).content.decode("utf-8-sig"), newline="")))
    assert told[0] == ["text", "number", "of", "of_low", "of_high", "at"]
    for line, (text, number, low) in zip(lines, ((row[0], row[1], row[3]) for row in told[1:]), strict=True):
        assert text.removeprefix("'") == (line.text or "").removeprefix("'")
        assert not text.startswith(("=", "+", "-", "@", "＝"))
        assert (int(number), low) == (line.number, "0.25" if line.of else "")
    table = pq.read_table(io.BytesIO(as_parquet(Line, lines, ABOUT).content))
    assert table.column("text").to_pylist() == [line.text for line in lines]
    assert table.column("of_high").to_pylist() == [0.75 if line.of else None for line in lines]


def test_an_export_says_what_it_is_of() -> None:
    line = Line('=HYPERLINK("http://evil.example")', 1, None, DAY)
    file, parquet = as_csv(Line, [line], ABOUT), as_parquet(Line, [line], ABOUT)
    assert file.name == "conversation-list_a.example_2026-10-25_2026-10-29_channels-web.csv"
    assert b"'=HYPERLINK" in file.content
    assert b"2026-10-27T09:00:00Z" in file.content
    told = json.loads(pq.read_schema(io.BytesIO(parquet.content)).metadata[b"helpdesk"])
    assert (told["since"], told["channels"], told["refreshed_at"]) == ("2026-10-25", ["web"], REFRESHED.isoformat())
    headers = as_csv(IntentFigures, [], ABOUT).content.decode("utf-8-sig").strip().split(",")
    assert {"intent", "total_sessions", "deflection_share_low", "average_rating"} <= set(headers)
    with pytest.raises(InvalidInput, match="a dataclass is allowed"):
        as_csv(dict, [], ABOUT)


def test_the_order_of_a_list_is_one_of_those_there_are() -> None:
    with PublishedFacts(talks(VIENNA, 1)) as published, published.reports.open([VIENNA]) as reader:
        for wrong in ({"order": "name"}, {"page": 0}, {"size": 201}):
            with pytest.raises(InvalidInput, match=f"{next(iter(wrong))}="):
                conversation_list(reader, PERIOD, **wrong)  # type: ignore[arg-type]


def test_the_facts_hold_no_text_of_customers() -> None:
    assert not {"text", "comment", "customer", "question"} & {name for each in FACTS for name in each.schema.names}


def test_a_transcript_is_read_by_its_own_tenant_only(database: Database, make_tenant: Callable[..., Tenant]) -> None:
    mine, other, conversation_id = make_tenant().context, make_tenant().context, uuid4()
    opening = TurnResult((NewMessage("Hello"), NewMessage("How can I help?")), "bot", {})
    store_opening(database, mine, conversation_id, opening, channel="web", customer={}, flow_version=0)
    read = transcript(database, mine, conversation_id)
    assert ([each.text for each in read.messages], read.more) == (["Hello", "How can I help?"], False)
    assert [each.sequence for each in transcript(database, mine, conversation_id, after=1).messages] == [2]
    with pytest.raises(NotFound):
        transcript(database, other, conversation_id)
