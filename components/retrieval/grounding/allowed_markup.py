"""What of a model's Markdown may reach a browser: words, emphasis and lists, nothing that loads or leads astray."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
_REPLACED = (
    (re.compile(r"<!--.*?(?:-->|$)", re.DOTALL), ""),
    (re.compile(r"<((?:https?|mailto):[^<>\s]+)>", re.IGNORECASE), r"\1"),
    (re.compile(r"<(?:\||/?[a-zA-Z!?])[^<>]*(?:>|$)"), ""),
    (re.compile(r"(?m)^[ \t]*\[[^\]\n]+\]:[ \t]*\S.*$"), ""),
    (re.compile(r"!\["), "["),
)
_LINK = re.compile(r"\[([^\[\]\n]*)\](?:\(([^()\s]*)(?:[^()\n]|\([^()\n]*\))*\)?|\[[^\[\]\n]*\](?!\())")
_TAIL = re.compile(r"\]\([^()\n]*\)?")
_CITES = re.compile(r"\^?[\d\s,;–-]+")


def allowed_markup(text: str, known: str) -> str:
    """`text` without pictures, HTML, hidden characters and links, the labels kept. A link stays where its address
    occurs, to the letter, in `known`: the passages' text."""

    def link(match: re.Match[str]) -> str:
        label, address = match[1], match[2] or ""
        if _CITES.fullmatch(label):
            return f"[{label}]" if match[2] is not None else match[0]
        kept = address.casefold().startswith(("http://", "https://")) and address in known
        return f"[{label}]({address})" if kept else label

    text = _HIDDEN.sub("", text)
    for pattern, replacement in _REPLACED:
        text = pattern.sub(replacement, text)
    text = _LINK.sub(link, text)
    # The end of a link whose beginning is in the sentence before.
    return _TAIL.sub(lambda match: match[0] if match[0][2:].rstrip(")") in known and match[0][2:-1] else "", text)
