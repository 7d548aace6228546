"""What a call costs: tokens times the declared price per million, in decimal money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from components.core.chat_model import ChatMessage, ChatRequest
from components.core.model_catalogue import ModelDeclaration

_MILLION = Decimal(1_000_000)
_PLACES = Decimal("1e-10")
_TYPICAL_INPUT, _TYPICAL_OUTPUT = 1500, 200
_BYTES_A_TOKEN = 4
_TOKENS_A_MESSAGE = 4


@dataclass(frozen=True)
class Spent:
    """Money in the catalogue's currency, and tokens read and written together."""

    money: Decimal = Decimal(0)
    tokens: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.money + other.money, self.tokens + other.tokens)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.money - other.money, self.tokens - other.tokens)


def cost(model: ModelDeclaration, input_tokens: int, output_tokens: int) -> Decimal:
    """To the tenth decimal, as the ledger stores it.

    >>> cost(ModelDeclaration("m", "openai", input_price=Decimal("2.5")), 1000, 0)
    Decimal('0.0025000000')
    """
    price = (input_tokens * model.input_price + output_tokens * model.output_price) / _MILLION
    return price.quantize(_PLACES)


def typical_cost(model: ModelDeclaration) -> Decimal:
    """Of a question with a handful of passages and an answer of a paragraph: what models are compared by."""
    return cost(model, _TYPICAL_INPUT, _TYPICAL_OUTPUT)


def expected(model: ModelDeclaration, request: ChatRequest) -> Spent:
    """The most that the call will likely come to: its prompt as estimated and all the text it may write."""
    read = prompt_tokens(request.messages)
    return Spent(cost(model, read, request.max_tokens), read + request.max_tokens)


def prompt_tokens(messages: Sequence[ChatMessage]) -> int:
    """An estimate for where no server has counted."""
    return sum(text_tokens(message.content) + _TOKENS_A_MESSAGE for message in messages)


def text_tokens(text: str) -> int:
    """An estimate: four bytes of UTF-8 a token, which is near for English and high for most other text."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_A_TOKEN)
