"""What an empty value leaves behind in a text: the gap is closed, so that nobody reads `Hi , how can I help?`."""

from __future__ import annotations

# Stands for an empty value while a text is put together; no stored text can hold it.
GAP = "\0"
_CLOSING = ",.;:!?)"
_BLANKS = " \t"


def closed(text: str) -> str:
    """`text` without gaps, and without the blank that each of them leaves before a comma, a full stop, another blank,
    or at the beginning or the end of a line.

    >>> closed("Hi \\0, I found \\0 nothing \\0")
    'Hi, I found nothing'
    """
    pieces = text.split(GAP)
    whole = pieces[0]
    for piece in pieces[1:]:
        follows = piece[:1]
        if not whole or whole.endswith("\n"):
            piece = piece.lstrip(_BLANKS)
        elif whole[-1] in _BLANKS and (not follows or follows in _CLOSING or follows in _BLANKS or follows == "\n"):
            whole = whole.rstrip(_BLANKS)
        whole += piece
    return whole
