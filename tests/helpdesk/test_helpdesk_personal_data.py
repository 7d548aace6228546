"""What tells who somebody is does not get into a set of questions."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components.helpdesk.evaluation.personal_data import RuleBasedRemover, known_of

REMOVE = RuleBasedRemover().remove
WORDS = st.lists(
    st.sampled_from(["my", "tent", "is", "late", "please", "Wo", "bleibt", "Größe 42", "?", "-", "\n"])
).map(" ".join)
DIGITS = "0123456789"


def luhn(head: str) -> str:
    """`head` with the digit that makes it a card's number."""
    for digit in DIGITS:
        total = 0
        for place, sign in enumerate(reversed(head + digit)):
            value = int(sign) * (1 + place % 2)
            total += value - 9 * (value > 9)
        if total % 10 == 0:
            return head + digit
    raise AssertionError(head)


def iban(country: str, account: str) -> str:
    rest = "".join(str(int(sign, 36)) for sign in f"{account}{country}00")
    return f"{country}{98 - int(rest) % 97:02}{account}"


def spaced(text: str, gap: str) -> str:
    return gap.join(text[place : place + 4] for place in range(0, len(text), 4))


GAPS = st.sampled_from(["", " ", "-"])
CARDS = st.builds(lambda head, gap: spaced(luhn(head), gap), st.text(DIGITS, min_size=12, max_size=18), GAPS)
IBANS = st.builds(
    lambda country, account, gap: spaced(iban(country, account), gap),
    st.sampled_from(["DE", "NO", "GB", "MT"]),
    st.text(DIGITS + "ABCXYZ", min_size=11, max_size=30),
    st.sampled_from(["", " "]),
)
EMAILS = st.from_regex(r"[a-z0-9._+-]{1,20}@[a-z0-9-]{1,12}\.[a-z]{2,6}", fullmatch=True)
PHONES = st.from_regex(r"(\+[1-9]|0)[0-9]{2}[ /-]?[0-9]{3}[ -]?[0-9]{3,5}", fullmatch=True)
REFERENCES = st.from_regex(r"[A-Z]{2}-[0-9]{6,9}|#[0-9]{3,8}|[0-9]{7,12}", fullmatch=True)


@given(WORDS, st.one_of(CARDS, IBANS, EMAILS, PHONES, REFERENCES), WORDS)
@example("pay to", "DE89 3704 0044 0532 0130 00", "please wait today")
@example("it is", "4111 1111 1111 1111", "or so")
def test_nothing_of_a_number_or_address_is_left_and_the_words_round_it_stay(
    before: str, secret: str, after: str
) -> None:
    found = REMOVE(f"{before} {secret} {after}")
    assert secret not in found
    assert not re.search(r"[0-9]{3,}|@", found), found
    # An IBAN of letters at its end may look as if it went on with the next word: that word must stay.
    assert [word for word in after.split() if word.isalpha()] == [word for word in found.split() if word.isalpha()][
        len([word for word in before.split() if word.isalpha()]) :
    ]


@given(st.text(max_size=200))
def test_removing_twice_is_removing_once(text: str) -> None:
    once = REMOVE(text, ["Ann Berg"])
    assert REMOVE(once, ["Ann Berg"]) == once


@pytest.mark.parametrize(
    "kept",
    [
        "Is the tent 2 x 3 m?",
        "I ordered on 2026-11-29, where is it?",
        "geliefert am 29.11.2026",
        "Do you ship to 27 countries within 14 days for 12.50 euros?",
        "my iPhone 15 and a WD-40",
    ],
)
def test_what_tells_nobody_stays(kept: str) -> None:
    assert REMOVE(kept) == kept


def test_what_the_conversation_knows_of_its_customer_goes() -> None:
    customer = {"name": "Ann Berg", "vip": True, "customer_id": "C77", "language": "english", "street": "Oak Lane 5"}
    text = "Berg here, ANN of Oak Lane 5 (c77): does an annual pass come in English?"
    assert (
        REMOVE(text, known_of(customer))
        == "[name] here, [name] of [number] ([number]): does an annual pass come in English?"
    )
    assert REMOVE("Hello, my name is Zoe Quist and I lost it") == "Hello, my name is [name] and I lost it"
