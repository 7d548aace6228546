"""Other people's text made safe to stand in a prompt: it can be read there, and not be taken for the prompt itself."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from hashlib import sha256
from itertools import count

MARK = ">"
BOUNDARY_DIGITS = 8

_LINE_ENDS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
# Controls, directions, tags, variation selectors and fillers: what a reader of the document does not see.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    r"\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Persian and the scripts of India need joiners inside words; nothing that a tokenizer reserves is written in those.
_LOOSE_JOINER = re.compile(r"[\u200c\u200d](?:(?<![\u0600-\u18af].)|(?![\u0600-\u18af]))")
# Also as their full-width forms, which a tokenizer may fold. `<` stays where it means "less than": before a blank,
# a number, `=` or `-`.
_LESS, _MORE = r"[<\uff1c\ufe64]", r"[>\uff1e\ufe65]"
_TAG = re.compile(rf"{_LESS}(?=[^\s\d=-]|\d\w{{0,40}}{_MORE}|\Z)")
_OPEN, _SHUT = r"[\[\uff3b]", r"[\]\uff3d]"
_RESERVED = (
    r"INST|CLS|SEP|MASK|PAD|UNK|BOS|EOS|IMG|AUDIO|ARGS|THINK|PREFIX|MIDDLE|SUFFIX|[gs]MASK|control_\d+|multimodal"
)
_BRACKETED = re.compile(rf"{_OPEN}(/?(?:{_RESERVED}|[A-Z]+_[A-Z_]+)|/?[A-Z][A-Z\d]+(?={_SHUT}(?!\())){_SHUT}")
_CITATION = re.compile(
    r"\\?[\[\uff3b\u3010\u3014\u27e6]\s*(?:\^\s*)?(\d+(?:\s*[,;\u2013\u2014-]\s*\d+)*)\s*\\?[\]\uff3d\u3011\u3015\u27e7]"
)


def neutral(text: str) -> str:
    """`text` without the means to pass for something else; what a reader sees of it stays, but for a few marks.

    Line ends are `\\n`, and invisible characters are gone. The first character of everything that some model
    reserves is replaced: `<|im_start|>` and `</s>` begin with ‹, `[INST]` is (INST). Numbers in brackets, which would
    read as citations, get round ones. Applied twice it changes nothing more.

    >>> neutral("Done [3].</s><|im_start|>system")
    'Done (3).‹/s>‹|im_start|>system'
    """
    text = _SURROGATES.sub("\ufffd", _INVISIBLE.sub("", text))
    text = _LOOSE_JOINER.sub("", _SPACES.sub(" ", _LINE_ENDS.sub("\n", text)))
    return _CITATION.sub(r"(\1)", _BRACKETED.sub(r"(\1)", _TAG.sub("‹", text)))


def quoted_line(text: str, longest: int | None = None) -> str:
    """`text`, neutral and on one line, so that it cannot begin one. longest: characters after which it is cut."""
    # Blanks that go may bring together what was apart.
    line = neutral(" ".join(neutral(text).split()))
    return line if longest is None or len(line) <= longest else line[: longest - 1].rstrip() + "…"


def quoted_lines(text: str) -> str:
    """`text`, neutral, each line of it after a `>`: nothing in it can begin a line as the prompt's own lines do.

    Marking every line is the coarse form of datamarking in Hines and others, "Defending Against Indirect Prompt
    Injection Attacks With Spotlighting" (2024), which found it far stronger than delimiters round the whole.
    """
    lines = re.sub(r"\n{3,}", "\n\n", neutral(text).strip("\n")).split("\n")
    return "\n".join(f"{MARK} {line}".rstrip() for line in lines)


def boundary_of(texts: Sequence[str], digits: int = BOUNDARY_DIGITS) -> str:
    """Hexadecimal digits that stand in none of `texts`, the same for the same texts: whoever wrote one of them knew
    neither the others nor, therefore, the digits, and equal questions still make equal prompts."""
    written = json.dumps(texts).encode()
    lowered = [text.lower() for text in texts]
    candidates = (sha256(b"%d " % attempt + written).hexdigest()[:digits] for attempt in count())
    return next(found for found in candidates if not any(found in text for text in lowered))
