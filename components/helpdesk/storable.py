"""Which texts PostgreSQL can keep: checked where they come in, so that a bad one is refused by name."""

from __future__ import annotations

import re

from components.core.errors import InvalidInput

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str, field: str) -> str:
    """`text` itself. Raises InvalidInput for U+0000 and for half of a surrogate pair, which UTF-8 cannot hold."""
    found = next((character for character in text if character == "\0" or "\ud800" <= character <= "\udfff"), None)
    if found is not None:
        raise InvalidInput(f"{field} holds U+{ord(found):04X}: any other character is allowed", field=field)
    return text


def made_storable(text: str) -> str:
    """`text` with what cannot be kept shown escaped: for messages that quote somebody else's bytes."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\x00")


def made_readable(text: str) -> str:
    """`text` with U+FFFD in place of each character that cannot be kept: for what a model has written."""
    return _UNSTORABLE.sub("\ufffd", text)
