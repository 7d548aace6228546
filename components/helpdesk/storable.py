"""Which texts PostgreSQL can keep: checked where they come in, so that a bad one is refused by name."""

from __future__ import annotations

from components.core.errors import InvalidInput


def storable(text: str, field: str) -> str:
    """`text` itself. Raises InvalidInput for U+0000 and for half of a surrogate pair, which UTF-8 cannot hold."""
    found = next((character for character in text if character == "\0" or "\ud800" <= character <= "\udfff"), None)
    if found is not None:
        raise InvalidInput(f"{field} holds U+{ord(found):04X}: any other character is allowed", field=field)
    return text


def made_storable(text: str) -> str:
    """`text` with what cannot be kept shown escaped: for messages that quote somebody else's bytes."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\x00")
