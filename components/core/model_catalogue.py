"""What an operator declares of a language model: where it is, what it costs, and whether it is ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Provider = Literal["tgi", "openai", "transformers", "extractive"]


@dataclass(frozen=True)
class ModelDeclaration:
    """One entry of the models file.

    model: the server's name of it, a hub id or a local path. input_price, output_price: per million tokens.
    local: runs on the operator's own machines, so that it serves where a remote one fails. context_tokens: the most
    it reads and writes together. deadline: seconds for one generation; first_text: seconds until its first piece.
    """

    name: str
    provider: Provider
    model: str = ""
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    input_price: Decimal = Decimal(0)
    output_price: Decimal = Decimal(0)
    local: bool = False
    context_tokens: int = 8192
    deadline: float = 30.0
    first_text: float = 10.0
