"""What an address asks of the analytics page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import InvalidInput
from components.core.tenant import Tenant
from components.helpdesk.outcome_rules import OutcomeResult
from components.helpdesk.reports.conversation_list import Behind, Order
from components.helpdesk.reports.filters import Filters
from dashboards.analytics.asked import FREE, PERIODS, Asked, address_of, read_address
from dashboards.analytics.behind_text import behind_text
from dashboards.analytics.listing import Listing, listing_address, read_listing
from dashboards.analytics.wording import period_text

TODAY = date(2026, 11, 30)
_texts = st.lists(st.text(st.characters(min_codepoint=32, exclude_categories=("Cs",)), max_size=20), unique=True)
_days = st.dates(date(2020, 1, 1), date(2029, 1, 1))


@st.composite
def askeds(draw: st.DrawFn) -> Asked:
    period = draw(st.sampled_from(list(PERIODS)))
    since = draw(_days) if period == FREE else None
    until = since + timedelta(days=draw(st.integers(0, 400))) if since else None
    lists = {name: tuple(draw(_texts)) for name in ("channels", "intents", "models", "domains")}
    tab, conversation = draw(st.sampled_from([("", ""), ("Money", ""), ("Conversations", "5e0c")]))
    return Asked(period, since, until, **lists, tab=tab, conversation=conversation)


@given(askeds())
def test_an_address_brings_back_what_it_was_made_of_and_keeps_the_tenant(asked: Asked) -> None:
    address = address_of(asked, "?tenant=shop.example&since=1999-01-01")
    assert read_address(address) == asked
    assert address.startswith("?tenant=shop.example")


SHOPS = tuple(Tenant(uuid4(), name, f"{name}.example", {}) for name in ("a", "b"))


@given(
    st.builds(
        Behind,
        results=st.lists(st.sampled_from(get_args(OutcomeResult)), unique=True).map(tuple),
        intent=st.none() | st.sampled_from(["refund", "", "a&b=c"]),
        rating=st.none() | st.integers(1, 5),
        longer_than=st.none() | st.sampled_from([300.0, 0.5]),
        reopened=st.booleans(),
        vip=st.booleans(),
    ),
    st.sampled_from([SHOPS, SHOPS[:1]]),
    st.sampled_from(get_args(Order)),
    st.booleans(),
)
def test_the_address_of_a_list_brings_back_the_list(
    behind: Behind, tenants: tuple[Tenant, ...], order: Order, rising: bool
) -> None:
    listing = Listing(tenants, Filters(TODAY, TODAY, channels=("web",), intents=("",)), behind, order, rising)
    address = listing_address(listing)
    assert read_listing(address.removeprefix("?"), tenants) == listing
    if len(tenants) > 1:
        with pytest.raises(InvalidInput, match=r"only='b\.example': you see a\.example"):
            read_listing(address.removeprefix("?"), tenants[:1])


@pytest.mark.parametrize("wrong", ["behind.rating=many", "behind.of=hearsay", "behind.results=won"])
def test_a_list_that_there_is_not_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidInput, match=wrong.rpartition("=")[2]):
        read_listing(wrong, SHOPS)


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        ("7", date(2026, 11, 24), TODAY),
        ("month", date(2026, 11, 1), TODAY),
        ("last-month", date(2026, 10, 1), date(2026, 10, 31)),
    ],
)
def test_a_named_period_ends_where_its_name_says(period: str, since: date, until: date) -> None:
    assert Asked(period).filters(TODAY) == Filters(since, until)


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("?period=fortnight", "period='fortnight': allowed are 7, 30, 90"),
        ("?since=yesterday&until=2026-11-30", "since='yesterday': a day such as 2026-11-30"),
        ("?since=2026-11-30", "goes with since= and until="),
        ("?since=2026-12-01&until=2026-11-30", "is after until"),
        ("?channel=" + "x" * 300, "at most 200 characters"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused_naming_what_does(search: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_address(search).filters(TODAY)


def test_periods_and_lists_are_said_as_people_say_them() -> None:
    november = Filters(date(2026, 11, 1), date(2026, 11, 28), channels=("web", ""), intents=("order_status",))
    assert period_text(november) == "1 to 28 November 2026, channel web or none, topic order status"
    assert period_text(Filters(date(2026, 10, 30), date(2026, 11, 2))) == "30 October to 2 November 2026"
    assert behind_text(Behind()) == "conversations that ended"
    asked = Behind(results=("contained", "verified"), intent="")
    assert behind_text(asked) == "conversations that ended, contained or verified, topic none"
    assert behind_text(Behind(of="answers", reason="low_confidence", refused=True)) == (
        "conversations with a question put to the knowledge, unanswered, reason low confidence"
    )
