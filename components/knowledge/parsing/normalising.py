"""Gives text one form, so that the same words always have the same bytes, and so the same ids."""

from __future__ import annotations

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
# Controls, and invisible marks that would keep equal words apart. Joiners (U+200C, U+200D) are letters'
# business in Persian and in emoji, and stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]"
)
_TRAILING = re.compile(r"[^\S\n]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")


def normalise(text: str) -> str:
    """NFC text with \\n line ends, no controls, no trailing blanks, no two blank lines in a row, and no blank
    line at either end. Normalising twice changes nothing."""
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text)).replace("\u00a0", " ")
    text = unicodedata.normalize("NFC", text)
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip()


def single_line(text: str) -> str:
    """The same on one line, white space single: for titles and table cells."""
    return " ".join(normalise(text).split())
