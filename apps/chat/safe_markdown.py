"""Untrusted Markdown to HTML that can hold nothing but text, structure and highlights."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

TAGS = frozenset(
    {"p", "br", "hr", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "h4", "mark", "span"}
    | {"table", "thead", "tbody", "tr", "th", "td"}
)
Span = tuple[int, int]
Decorate = Callable[[str], str]

# Rare punctuation, so that `**` and `_` beside it still open and close emphasis.
_OPEN, _CLOSE = "\u2e0c", "\u2e0d"
_SENTINELS = re.compile(f"([{_OPEN}{_CLOSE}])")
_SHOWN_LINK = re.compile(r"https?://", re.IGNORECASE)
_LEADING_MARKS = re.compile(
    r"(?:[ \t]*(?:>|(?:[-*+•]|\d{1,9}[.)])(?=[ \t])|#{1,6}(?=[ \t])|\|))+[ \t]*|[ \t]*(?:`{3,}|~{3,})[^\n]*\n"
)
_TRAILING_MARKS = re.compile(r"[ \t]*\|[ \t]*$|\n[ \t]*(?:`{3,}|~{3,})[ \t]*$")


def render_markdown(text: str, marks: Sequence[Span] = (), decorate: Decorate = escape) -> str:
    """HTML of `text`, with the characters of each span of `marks` inside <mark>.

    Only TAGS come out, without attributes but for a numbered list's start and what `decorate` adds:
    HTML in the text is shown as text, links as their words with the address of an http(s) one behind,
    pictures as their description. decorate: plain text to HTML; must escape. Where the Markdown
    swallows a mark the text is shown as it stands, so that a mark is never lost.
    """
    text = _SENTINELS.sub("\ufffd", text).replace("\x00", "\ufffd")
    html: str = _renderer(decorate).render(_with_sentinels(text, marks))
    if marks and "<mark>" not in html:
        return _plain(text, marks, decorate)
    return html


def _plain(text: str, marks: Sequence[Span], decorate: Decorate) -> str:
    parts, at = [], 0
    for start, end in _merged(marks):
        parts += [decorate(text[at:start]), f"<mark>{decorate(text[start:end])}</mark>"]
        at = end
    return "<p>" + "".join([*parts, decorate(text[at:])]).replace("\n", "<br>") + "</p>"


def _merged(marks: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(span for span in marks if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _with_sentinels(text: str, marks: Iterable[Span]) -> str:
    """Sentinels stand behind a line's own marks (`- `, `## `, `| `), which must stay first in their line."""
    for start, end in reversed(_merged(marks)):
        quote = text[start:end]
        leading = _LEADING_MARKS.match(quote)
        trailing = _TRAILING_MARKS.search(quote)
        first = leading.end() if leading else 0
        last = max(first, trailing.start() if trailing else len(quote))
        text = text[:start] + quote[:first] + _OPEN + quote[first:last] + _CLOSE + quote[last:] + text[end:]
    return text


def _renderer(decorate: Decorate) -> MarkdownIt:
    class Renderer(_SafeRenderer):
        _decorate = staticmethod(decorate)

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=Renderer)
    return parser.enable("table").disable(["reference", "html_block", "html_inline"])


class _SafeRenderer(RendererHTML):
    """Writes tags without attributes, and cuts highlights at every tag so that they nest."""

    _decorate: Decorate

    def __init__(self, parser: object = None) -> None:
        super().__init__(parser)
        self._marking = False

    def renderToken(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:  # noqa: N802
        token = tokens[idx]
        if token.hidden:
            return ""
        tag = "h4" if token.type in ("heading_open", "heading_close") else token.tag
        start = token.attrGet("start") if token.type == "ordered_list_open" else None
        attribute = f' start="{int(start)}"' if start is not None else ""
        return f"</{tag}>" if token.nesting == -1 else f"<{tag}{attribute}>"

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self._marked(tokens[idx].content, self._decorate)

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<code>{self._marked(tokens[idx].content, escape)}</code>"

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<pre><code>{self._marked(tokens[idx].content, escape)}</code></pre>"

    fence = code_block

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "<span>"

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        depth, at = 1, idx - 1
        while at >= 0 and depth:
            depth += {"link_close": 1, "link_open": -1}.get(tokens[at].type, 0)
            at -= 1
        opened = tokens[at + 1]
        address = str(opened.attrGet("href") or "")
        words = "".join(token.content for token in tokens[at + 2 : idx])
        shown = _SHOWN_LINK.match(address) and address != words
        return f"</span> <span>({escape(_SENTINELS.sub('', address))})</span>" if shown else "</span>"

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self._marked(tokens[idx].content, escape)

    def _marked(self, content: str, show: Decorate) -> str:
        parts = []
        for part in _SENTINELS.split(content):
            if part in (_OPEN, _CLOSE):
                self._marking = part == _OPEN
            elif part:
                parts.append(f"<mark>{show(part)}</mark>" if self._marking else show(part))
        return "".join(parts)
