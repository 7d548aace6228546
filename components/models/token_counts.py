"""What a server says a call has cost, believed only where it is possible: bills and budgets rest on it."""

from __future__ import annotations

from dataclasses import dataclass

BYTES_PER_TOKEN = 4
_TEMPLATE_TOKENS = 4096  # what a server's own chat template may add
_SPECIAL_TOKENS = 8


@dataclass(frozen=True)
class TokenCounts:
    """estimated: at least one of the two is ours."""

    input: int
    output: int
    estimated: bool


def estimate_tokens(text: str) -> int:
    """Tokens of a text whose tokenizer is not known: one for four bytes of UTF-8, rounded up; 0 for none."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def checked_counts(
    given: object, made: object, *, prompt: str, written: str, max_tokens: int, hidden: int = 0
) -> TokenCounts:
    """The server's counts, each replaced by an estimate where it is absent or cannot be.

    given, made: of input and output, as the server put them. prompt: all that it read, written: all that it wrote,
    tool calls too. hidden: how many of `made` it says to have thought without showing. Impossible are: no whole
    number, below 0, nothing for something, more input than bytes (and a chat template), more output than bytes (and
    special tokens) or than four times max_tokens.
    """
    reads = len(prompt.encode("utf-8", "surrogatepass"))
    writes = len(written.encode("utf-8", "surrogatepass"))
    thought = max(hidden, 0)
    counted_input = _within(given, least=min(reads, 1), most=reads + _TEMPLATE_TOKENS)
    counted_output = _within(made, least=min(writes, 1), most=min(writes + _SPECIAL_TOKENS + thought, 4 * max_tokens))
    return TokenCounts(
        estimate_tokens(prompt) if counted_input is None else counted_input,
        estimate_tokens(written) if counted_output is None else counted_output,
        counted_input is None or counted_output is None,
    )


def _within(count: object, *, least: int, most: int) -> int | None:
    if not isinstance(count, int) or isinstance(count, bool):
        return None
    return count if least <= count <= most else None
