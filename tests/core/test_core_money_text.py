"""Amounts of money keep at least two digits that say something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.money_text import money_text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0 EUR"), (1234.5, "1,234.50 EUR"), (1, "1.00 EUR"), (0.5, "0.50 EUR"), (0.0715, "0.071 EUR")],
)
def test_amounts_read_as_people_write_them(amount: float, text: str) -> None:
    assert money_text(amount, "EUR") == text


@given(st.floats(1e-12, 1e9))
def test_no_amount_reads_as_nothing_and_each_is_near_what_it_reads_as(amount: float) -> None:
    read = float(money_text(amount, "").replace(",", ""))
    assert read == pytest.approx(amount, rel=0.051)
    assert money_text(-amount, "EUR") == f"-{money_text(amount, 'EUR')}"
