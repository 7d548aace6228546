"""Money as JSON: exact decimal text, without the zeros and exponents of the column it comes from."""

from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


Amount = Annotated[Decimal, PlainSerializer(_plain, return_type=str)]
