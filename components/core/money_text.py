"""Amounts of money for people to read: a call of a language model costs parts of a cent."""

from __future__ import annotations

from decimal import Decimal
from math import floor, log10


def money_text(amount: float | Decimal, currency: str) -> str:
    """With two decimals, and with two digits that say something where it is less than one. currency: may be empty."""
    size = abs(float(amount))
    decimals = 0 if size == 0 else 2 if size >= 1 else max(2, 1 - floor(log10(size)))
    return f"{amount:,.{decimals}f} {currency}".strip()
