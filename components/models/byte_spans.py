"""Counting tokens for a model whose tokenizer is not at hand, so that the count is never too low."""

from __future__ import annotations


def byte_spans(text: str) -> list[tuple[int, int]]:
    """One span a UTF-8 byte: a character of three bytes is listed three times.

    Byte-level tokenizers (OpenAI's, Llama's) start from bytes and only merge; WordPiece and
    SentencePiece start from characters, or fall back to bytes: none makes more tokens than bytes. English has about
    four bytes a token, so a text is taken for four times as long as it is; that costs smaller
    chunks, where an optimistic count would cost words cut off by the endpoint.

    >>> byte_spans("aé")
    [(0, 1), (1, 2), (1, 2)]
    """
    return [
        (index, index + 1) for index, char in enumerate(text) for _ in range(len(char.encode("utf-8", "surrogatepass")))
    ]
