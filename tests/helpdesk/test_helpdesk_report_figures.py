"""Every figure against a plain count of the same rows in Python, over rows drawn at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from components.core.tenant import Tenant
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.evaluation.intervals import Interval
from components.helpdesk.outcome_figures import OutcomeCounts, Seconds
from components.helpdesk.reports.citations import most_cited, never_cited
from components.helpdesk.reports.conversation_list import Behind, conversation_batches, conversation_list
from components.helpdesk.reports.deflection import deflection, deflection_by, open_conversations
from components.helpdesk.reports.facts import ANSWERS, CITATIONS, CONVERSATIONS, HANDOVERS, MODEL_CALLS, TICKETS
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.handovers import BANDS, handovers, handovers_by, hours_of_week, wait_bands
from components.helpdesk.reports.other_definitions import other_scores
from components.helpdesk.reports.purposes import spending_by_purpose, spending_left_out
from components.helpdesk.reports.ratings import ratings, ratings_by, thumbs
from components.helpdesk.reports.resolutions import resolutions, tickets
from components.helpdesk.reports.spending import spending, spending_by_day, spending_by_model, unit_costs
from components.helpdesk.reports.topics import answers, answers_by, reasons, top_intents
from components.helpdesk.tenant_config import read_config
from tests.helpdesk.report_rows import PERIOD, REFRESHED, TENANTS, Facts, PublishedFacts, Row, rows_of

# A world of files an example: to make a failing one smaller would take minutes.
EXAMPLES = settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate))
viewers = st.lists(st.sampled_from(TENANTS), min_size=1, max_size=2, unique_by=lambda tenant: tenant.domain)
narrowings = st.sampled_from(
    [{}, {"channels": ("web",)}, {"intents": ("", "refund")}, {"models": ("small",), "channels": ("web", "email")}]
)


def seen(rows: Iterable[Row], tenants: list[Tenant], filters: Filters, day: str = "day") -> list[Row]:
    """Rows of the tenants on the days of the period and of the channels."""
    allowed = {str(tenant.tenant_id) for tenant in tenants}
    return [
        row
        for row in rows
        if row["tenant_id"] in allowed
        and row[day] is not None
        and filters.since <= row[day] <= filters.until
        and (not filters.channels or row.get("channel") in filters.channels)
    ]


def of_conversations(
    rows: Iterable[Row], talks: Iterable[Row], filters: Filters, *, own_model: bool = False
) -> list[Row]:
    """Those whose conversation has one of the intents and models."""
    known = {(talk["tenant_id"], talk["conversation_id"]): talk for talk in talks}
    kept = []
    for row in rows:
        talk = row if "intent" in row else known.get((row["tenant_id"], row["conversation_id"]))
        if filters.intents and (talk is None or (talk["intent"] or "") not in filters.intents):
            continue
        judged = row if own_model else talk
        if filters.models and (judged is None or (judged["model"] or "") not in filters.models):
            continue
        kept.append(row)
    return kept


def ended(rows: Facts, tenants: list[Tenant], filters: Filters) -> list[Row]:
    return of_conversations(seen(rows[CONVERSATIONS], tenants, filters, "ended_day"), [], filters)


def counts(rows: list[Row]) -> OutcomeCounts:
    by_result = Counter(row["result"] for row in rows)
    helped = sum(row["result"] == "handed_over" and row["verified"] for row in rows)
    names = ("contained", "verified", "handed_over")
    return OutcomeCounts(len(rows), *(by_result[name] for name in names), helped, by_result["abandoned"])


def seconds(values: Iterable[float | None]) -> Seconds:
    known = [value for value in values if value is not None]
    if not known:
        return Seconds()
    return Seconds(
        *(pytest.approx(each) for each in (np.mean(known), np.quantile(known, 0.5), np.quantile(known, 0.9)))
    )


def assert_interval(found: Interval | None, part: int, total: int) -> None:
    if total == 0:
        assert found is None
        return
    assert found is not None
    assert found.value == pytest.approx(part / total)
    assert 0 <= found.low <= found.value <= found.high <= 1


@EXAMPLES
@given(rows_of(CONVERSATIONS), viewers, narrowings)
def test_deflection_is_what_a_plain_count_finds_and_groups_add_up(
    rows: Facts, tenants: list[Tenant], narrowed: dict[str, tuple[str, ...]]
) -> None:
    filters = Filters(PERIOD.since, PERIOD.until, **narrowed)
    expected = ended(rows, tenants, filters)
    with PublishedFacts(rows) as published, published.reports.open(tenants) as reader:
        total = deflection(reader, filters)
        assert total.counts == counts(expected)
        assert_interval(total.deflection_share, total.counts.bot_resolved, len(expected))
        assert_interval(total.contained_share, total.counts.contained, len(expected))
        assert_interval(total.verified_share, total.counts.verified, len(expected))
        keys: dict[Any, Callable[[Row], str]] = {
            "day": lambda row: row["ended_day"].isoformat(),
            "channel": lambda row: row["channel"],
            "tenant": lambda row: row["tenant_id"],
            "intent": lambda row: row["intent"] or "",
            "language": lambda row: row["language"] or "",
        }
        for by, key in keys.items():
            groups = deflection_by(reader, filters, by)
            assert {group.key: group.counts for group in groups} == {
                each: counts([row for row in expected if key(row) == each]) for each in map(key, expected)
            }
            assert sum(group.counts.total_sessions for group in groups) == total.counts.total_sessions
        begun = of_conversations(seen(rows[CONVERSATIONS], tenants, filters), [], filters)
        assert open_conversations(reader, filters) == sum(row["ended_at"] is None for row in begun)


@EXAMPLES
@given(rows_of(CONVERSATIONS), viewers)
def test_ratings_and_times_are_what_a_plain_count_finds(rows: Facts, tenants: list[Tenant]) -> None:
    expected = ended(rows, tenants, PERIOD)
    stars = Counter(row["rating"] for row in expected if row["rating"])
    with PublishedFacts(rows) as published, published.reports.open(tenants) as reader:
        found, done = ratings(reader, PERIOD), resolutions(reader, PERIOD)
        assert (found.ended, dict(found.stars)) == (len(expected), dict(stars))
        assert_interval(found.helpful_share, stars[4] + stars[5], stars.total())
        assert_interval(found.rated_share, stars.total(), len(expected))
        if stars:
            average = sum(each * count for each, count in stars.items()) / stars.total()
            assert found.average is not None
            assert found.average.value == pytest.approx(average)
            assert 1 <= found.average.low < found.average.high <= 5
        assert sum(group.rated for group in ratings_by(reader, PERIOD, "day")) == stars.total()
        assert done.first_response == seconds(row["first_response_seconds"] for row in expected)
        assert done.resolution == seconds(row["resolution_seconds"] for row in expected)
        by_bot = [row["resolution_seconds"] for row in expected if row["result"] in ("contained", "verified")]
        assert done.by_bot == seconds(by_bot)
        assert done.by_people == seconds(
            row["resolution_seconds"] for row in expected if row["result"] == "handed_over"
        )
        assert_interval(done.reopened_share, sum(row["reopened"] > 0 for row in expected), len(expected))
        found_intents = {each.intent: (each.outcome.counts, each.rated) for each in top_intents(reader, PERIOD)}
        by_intent = {
            row["intent"] or "": [each for each in expected if each["intent"] == row["intent"]] for row in expected
        }
        assert found_intents == {
            intent: (counts(each), sum(row["rating"] is not None for row in each)) for intent, each in by_intent.items()
        }


def open_seconds(row: Row) -> float:
    tenant = next(tenant for tenant in TENANTS if str(tenant.tenant_id) == row["tenant_id"])
    end = row["ended_at"].replace(tzinfo=UTC) if row["ended_at"] else REFRESHED
    return (
        BusinessHours(read_config(tenant.config).handover).between(row["at"].replace(tzinfo=UTC), end).total_seconds()
    )


@EXAMPLES
@given(rows_of(HANDOVERS, CONVERSATIONS), viewers, narrowings)
def test_waits_are_measured_by_opening_hours(
    rows: Facts, tenants: list[Tenant], narrowed: dict[str, tuple[str, ...]]
) -> None:
    filters = Filters(PERIOD.since, PERIOD.until, **narrowed)
    expected = of_conversations(seen(rows[HANDOVERS], tenants, filters), rows[CONVERSATIONS], filters)
    waits = [(row, open_seconds(row)) for row in expected]
    allowed = {str(tenant.tenant_id): read_config(tenant.config).handover.wait_minutes * 60 for tenant in TENANTS}
    taken = [(row, wait) for row, wait in waits if row["ended_by"] == "claim"]
    with PublishedFacts(rows) as published, published.reports.open(tenants) as reader:
        found = handovers(reader, filters)
        assert (found.asked, found.taken) == (len(waits), len(taken))
        assert found.gave_up == sum(row["ended_by"] == "expire" for row, _ in waits)
        assert found.waiting == sum(row["ended_by"] is None for row, _ in waits)
        assert found.late == sum(wait > allowed[row["tenant_id"]] for row, wait in waits)
        assert found.in_time == sum(wait <= allowed[row["tenant_id"]] for row, wait in taken)
        assert_interval(found.in_time_share, found.in_time, found.in_time + found.late)
        assert found.vip_late == sum(row["vip"] and wait > 300 for row, wait in waits)
        assert found.vip_in_time == sum(row["vip"] and wait <= 300 for row, wait in taken)
        assert found.wait == seconds(row["waited_seconds"] for row, _ in taken)
        assert found.open_wait == seconds(wait for _, wait in taken)
        bands = Counter(max(each for each in BANDS if each <= wait) for _, wait in waits)
        assert {band.begins: band.taken + band.gave_up + band.waiting for band in wait_bands(reader, filters)} == {
            begins: bands[begins] for begins in BANDS
        }
        clocks = Counter(_local(row) for row, _ in waits)
        assert {(each.weekday, each.hour): each.asked for each in hours_of_week(reader, filters)} == dict(clocks)
        by_day = handovers_by(reader, filters, "day")
        assert sum(each.late for each in by_day) == found.late
        assert [each.key for each in by_day] == sorted({row["day"].isoformat() for row, _ in waits})


def _local(row: Row) -> tuple[int, int]:
    tenant = next(tenant for tenant in TENANTS if str(tenant.tenant_id) == row["tenant_id"])
    at: datetime = row["at"].replace(tzinfo=UTC).astimezone(ZoneInfo(read_config(tenant.config).handover.time_zone))
    return at.isoweekday(), at.hour


@EXAMPLES
@given(rows_of(ANSWERS, CONVERSATIONS, MODEL_CALLS), viewers, narrowings)
def test_questions_are_counted_by_reason_day_and_topic(
    rows: Facts, tenants: list[Tenant], narrowed: dict[str, tuple[str, ...]]
) -> None:
    filters = Filters(PERIOD.since, PERIOD.until, **narrowed)
    expected = of_conversations(seen(rows[ANSWERS], tenants, filters), rows[CONVERSATIONS], filters, own_model=True)
    topics = {(talk["tenant_id"], talk["conversation_id"]): talk["intent"] or "" for talk in rows[CONVERSATIONS]}
    with PublishedFacts(rows) as published, published.reports.open(tenants) as reader:
        total = answers(reader, filters)
        answered = sum(row["answered"] for row in expected)
        poorer = sum(row["answered"] and row["reason"] is not None for row in expected)
        assert (total.asked, total.answered, total.poorer) == (len(expected), answered, poorer)
        assert total.refused == total.asked - total.answered
        assert_interval(total.answered_share, answered, len(expected))
        assert {each.reason: (each.refused, each.poorer) for each in reasons(reader, filters)} == {
            reason: (
                sum(row["reason"] == reason and not row["answered"] for row in expected),
                sum(row["reason"] == reason and row["answered"] for row in expected),
            )
            for reason in {row["reason"] for row in expected if row["reason"]}
        }
        assert sum(each.refused for each in answers_by(reader, filters, "day")) == total.refused
        by_topic = Counter(topics.get((row["tenant_id"], row["conversation_id"]), "") for row in expected)
        assert {each.key: each.asked for each in answers_by(reader, filters, "intent")} == dict(by_topic)
        judged = Counter(row["thumb"] for row in expected)
        assert (thumbs(reader, filters).up, thumbs(reader, filters).down) == (judged[1], judged[-1])
        resolved = counts(ended(rows, tenants, filters)).bot_resolved
        calls = of_conversations(
            seen(rows[MODEL_CALLS], tenants, filters), rows[CONVERSATIONS], filters, own_model=True
        )
        costs = unit_costs(reader, filters)
        repeated = sum(bool(row["cache_hit"]) for row in expected if row["cost"] is not None)
        assert sum(cost.kept for cost in costs) == repeated
        assert all(cost.currency or cost.cost or cost.calls_cost for cost in costs) or len(costs) == 1
        for cost in costs:
            paid = sum(row["cost"] or 0 for row in expected if row["currency"] == cost.currency)
            for_customers = [row for row in calls if row["purpose"] == "customer" and row["currency"] == cost.currency]
            spent, talked = sum(row["cost"] for row in for_customers), len(ended(rows, tenants, filters))
            assert cost.calls_cost == pytest.approx(spent)
            assert cost.per_conversation == (pytest.approx(spent / talked) if talked else None)
            assert cost.cost == pytest.approx(paid)
            assert cost.per_answered == (pytest.approx(paid / answered) if answered else None)
            assert cost.per_resolved == (pytest.approx(paid / resolved) if resolved else None)


@EXAMPLES
@given(rows_of(MODEL_CALLS, CONVERSATIONS, TICKETS), viewers, narrowings)
def test_spending_keeps_currencies_and_purposes_apart_and_tickets_their_clocks(
    rows: Facts, tenants: list[Tenant], narrowed: dict[str, tuple[str, ...]]
) -> None:
    filters = Filters(PERIOD.since, PERIOD.until, **narrowed)
    calls = of_conversations(seen(rows[MODEL_CALLS], tenants, filters), rows[CONVERSATIONS], filters, own_model=True)
    of_anything = Filters(PERIOD.since, PERIOD.until, models=filters.models)
    all_calls = [
        row
        for row in seen(rows[MODEL_CALLS], tenants, of_anything)
        if not filters.models or row["model"] in filters.models
    ]
    talks = {(talk["tenant_id"], talk["conversation_id"]) for talk in rows[CONVERSATIONS]}
    left_out = [
        row
        for row in all_calls
        if (filters.channels and row["channel"] is None)
        or (filters.intents and (row["tenant_id"], row["conversation_id"]) not in talks)
    ]
    opened = seen(rows[TICKETS], tenants, PERIOD)
    with PublishedFacts(rows) as published, published.reports.open(tenants) as reader:
        for found, keys in (
            (spending(reader, filters), ("currency",)),
            (spending_by_model(reader, filters), ("currency", "model")),
        ):
            grouped = {tuple(row[key] for key in keys): [] for row in calls}
            for row in calls:
                grouped[tuple(row[key] for key in keys)].append(row)
            assert {
                tuple(getattr(each, key) for key in keys): (each.calls, each.failed, each.input_tokens)
                for each in found
            } == {
                key: (
                    len(each),
                    sum(row["error"] is not None for row in each),
                    sum(row["input_tokens"] for row in each),
                )
                for key, each in grouped.items()
            }
            for each in found:
                paid = grouped[tuple(getattr(each, key) for key in keys)]
                assert each.cost == pytest.approx(sum(row["cost"] for row in paid))
        assert sum(each.calls for each in spending_by_day(reader, filters)) == len(calls)
        for purposes, counted in (
            (spending_by_purpose(reader, filters), calls),
            (spending_left_out(reader, filters), left_out),
        ):
            assert {(each.purpose, each.channel, each.currency): each.calls for each in purposes} == dict(
                Counter((row["purpose"] or "unknown", row["channel"] or "", row["currency"]) for row in counted)
            )
            assert sum(each.cost for each in purposes) == pytest.approx(sum(row["cost"] for row in counted))
        told = tickets(reader, PERIOD)
        assert (told.opened, told.statuses) == (len(opened), dict(Counter(row["status"] for row in opened)))
        for clock, name, kept in (
            (told.first_response, "first_response", "first_response_at"),
            (told.resolution, "resolution", "resolved_at"),
        ):
            with_target = [row for row in opened if row[f"{name}_due"] is not None]
            assert clock.missed == sum(row[f"{name}_late"] for row in with_target)
            assert clock.met == sum(not row[f"{name}_late"] and row[kept] is not None for row in with_target)
            assert clock.without == len(opened) - len(with_target)
            assert clock.met + clock.missed + clock.running + clock.without == len(opened)


@EXAMPLES
@given(rows_of(CITATIONS, ANSWERS), viewers)
def test_citations_tell_which_documents_answer_and_which_never_do(rows: Facts, tenants: list[Tenant]) -> None:
    expected = seen(rows[CITATIONS], tenants, PERIOD)
    judged = {(row["tenant_id"], row["answer_id"]): row["thumb"] for row in rows[ANSWERS]}
    with PublishedFacts(rows) as published, published.reports.open(tenants) as reader:
        found = {(each.tenant_id, each.document_id): each for each in most_cited(reader, PERIOD)}
        assert set(found) == {(row["tenant_id"], row["document_id"]) for row in expected}
        for (tenant_id, document_id), each in found.items():
            quoting = [row for row in expected if (row["tenant_id"], row["document_id"]) == (tenant_id, document_id)]
            quoted = {row["answer_id"] for row in quoting}
            assert (each.citations, each.answers) == (len(quoting), len(quoted))
            assert each.thumbs_up == sum(judged.get((tenant_id, answer)) == 1 for answer in quoted)
            assert each.thumbs_down == sum(judged.get((tenant_id, answer)) == -1 for answer in quoted)
        documents = {tenant.tenant_id: ["returns", "shipping", "zips", "never"] for tenant in tenants}
        for tenant_id, never in never_cited(reader, PERIOD, documents).items():
            assert set(never) == set(documents[tenant_id]) - {each for owner, each in found if owner == str(tenant_id)}


@EXAMPLES
@given(rows_of(CONVERSATIONS), viewers)
def test_other_definitions_score_the_same_log(rows: Facts, tenants: list[Tenant]) -> None:
    expected = ended(rows, tenants, PERIOD)
    both_wrote = [row for row in expected if row["bot_messages"] and row["customer_messages"]]

    def answered_alone(row: Row) -> bool:
        return row["answers"] > 0 and row["handovers"] == 0

    def is_bad(row: Row) -> bool:
        return row["rating"] in (1, 2)

    rules: dict[str, tuple[list[Row], Callable[[Row], bool]]] = {
        "design": (expected, lambda row: row["result"] in ("contained", "verified")),
        "verified": (expected, lambda row: row["result"] == "verified"),
        "intercom_confirmed": (both_wrote, lambda row: answered_alone(row) and row["confirmed"]),
        "intercom_resolution": (
            both_wrote,
            lambda row: answered_alone(row) and (row["confirmed"] or row["messages_after_answer"] == 0),
        ),
        "zendesk_automated": (
            both_wrote,
            lambda row: answered_alone(row) and (row["confirmed"] or row["settled"]) and not is_bad(row),
        ),
        "zendesk_contained": (both_wrote, lambda row: row["handovers"] == 0 and row["answered"]),
        "ada_automated": (
            [row for row in expected if row["customer_messages"]],
            lambda row: row["result"] == "verified" and row["handovers"] == 0 and row["refusals"] == 0,
        ),
        "salesforce_deflected": (
            expected,
            lambda row: row["handovers"] == 0 and row["result"] != "abandoned" and row["verified"] and not is_bad(row),
        ),
        "freshworks_session": (expected, lambda row: row["bot_messages"] > 0),
        "ivr_containment": (expected, lambda row: row["handovers"] == 0),
    }
    with PublishedFacts(rows) as published, published.reports.open(tenants) as reader:
        scores = {score.definition.name: score for score in other_scores(reader, PERIOD)}
    assert set(scores) == set(rules)
    for name, (of, rule) in rules.items():
        assert (scores[name].counted, scores[name].of) == (sum(map(rule, of)), len(of)), name
        assert_interval(scores[name].share, scores[name].counted, scores[name].of)


def _keys(rows: Iterable[Row]) -> set[tuple[str, str]]:
    return {(row["tenant_id"], row["conversation_id"]) for row in rows}


@EXAMPLES
@given(rows_of(CONVERSATIONS, ANSWERS, CITATIONS, HANDOVERS), viewers)
def test_behind_a_figure_stand_the_conversations_that_it_counts(rows: Facts, tenants: list[Tenant]) -> None:
    allowed = {str(tenant.tenant_id) for tenant in tenants}
    known = _keys(row for row in rows[CONVERSATIONS] if row["tenant_id"] in allowed)
    refused = [
        row for row in seen(rows[ANSWERS], tenants, PERIOD) if not row["answered"] and row["reason"] == "not_retrieved"
    ]
    quoted = {
        (row["tenant_id"], row["answer_id"])
        for row in seen(rows[CITATIONS], tenants, PERIOD)
        if row["document_id"] == "zips"
    }
    quoting = [row for row in rows[ANSWERS] if (row["tenant_id"], row["answer_id"]) in quoted]
    done = ended(rows, tenants, PERIOD)
    cases: list[tuple[Behind, set[tuple[str, str]]]] = [
        (Behind(), _keys(done)),
        (Behind(results=("verified",)), _keys(row for row in done if row["result"] == "verified")),
        (Behind(rating=1), _keys(row for row in done if row["rating"] == 1)),
        (Behind(intent=""), _keys(row for row in done if row["intent"] is None)),
        (Behind(reopened=True, vip=True), _keys(row for row in done if row["reopened"] and row["vip"])),
        (
            Behind("started", results=("open",)),
            _keys(row for row in seen(rows[CONVERSATIONS], tenants, PERIOD) if row["result"] == "open"),
        ),
        (Behind("answers", reason="not_retrieved", refused=True), _keys(refused) & known),
        (Behind("citations", document_id="zips"), _keys(quoting) & known),
        (
            Behind("handovers", reason="asked"),
            _keys(row for row in seen(rows[HANDOVERS], tenants, PERIOD) if row["reason"] == "asked") & known,
        ),
    ]
    with PublishedFacts(rows) as published, published.reports.open(tenants) as reader:
        for behind, expected in cases:
            pages = [
                conversation_list(reader, PERIOD, behind, order="started", ascending=True, page=page, size=15)
                for page in (1, 2)
            ]
            lines = [line for page in pages for line in page.lines]
            assert pages[0].total == len(expected), behind
            assert {(line.tenant_id, line.conversation_id) for line in lines} == expected, behind
            assert len(lines) == len(expected), behind
            assert [line.started_at for line in lines] == sorted(line.started_at for line in lines)
            batches = list(conversation_batches(reader, PERIOD, behind, order="started", ascending=True, size=7))
            assert [line for batch in batches for line in batch] == lines, "the whole list is that of all pages"
            assert max(map(len, batches), default=0) <= 7


def test_a_period_without_data_has_empty_figures() -> None:
    far = Filters(PERIOD.since - timedelta(days=900), PERIOD.until - timedelta(days=900))
    with PublishedFacts({}) as published, published.reports.open(TENANTS) as reader:
        assert deflection(reader, far).deflection_share is None
        assert deflection_by(reader, far, "day") == []
        assert ratings(reader, far).average is None
        assert conversation_list(reader, far).total == 0
