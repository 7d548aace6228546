"""What a customer reads of a stretch of Markdown: the words, without the marks."""

from __future__ import annotations

import re

_MARKS = (
    (re.compile(r"!\[([^\]\n]*)\]\([^()\n]*\)"), r"\1"),
    (re.compile(r"(?<!\\)\[([^\[\]\n]+)\]\([^()\n]*\)"), r"\1"),
    (re.compile(r"<((?:https?|mailto):[^<>\s]+)>"), r"\1"),
    (re.compile(r"</?[a-zA-Z][^<>\n]*>"), ""),
    (re.compile(r"(?<!\\)(\*\*\*|\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\\\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\\\w_])_(?=[^\s_])([^_\n]+?)(?<=[^\s_])_(?![\w_])"), r"\1"),
    (re.compile(r"(`+)\s?(.+?)\s?\1(?!`)"), r"\2"),
    (re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])"), r"\1"),
    # A footnote in the source would read as one of the answer's own numbers.
    (re.compile(r"\[\^?\d+\]"), ""),
)
_LINE_START = re.compile(r"(?m)^[ \t]*(?:>[ \t]?)+")
_BLANK = re.compile(r"\s+")


def plain_text(markdown: str) -> str:
    """`markdown`, a sentence or so, on one line: emphasis, code marks, quote marks and HTML tags
    removed, links and pictures replaced by their text.

    >>> plain_text("Open **My Account**, see [returns](../returns.md).")
    'Open My Account, see returns.'
    """
    text = _LINE_START.sub("", markdown)
    for pattern, replacement in _MARKS:
        text = pattern.sub(replacement, text)
    return _BLANK.sub(" ", text).strip()
