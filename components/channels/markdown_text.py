"""Markdown as each channel shows it: Slack's mrkdwn, WhatsApp's marks, or plain text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token


def _same(text: str) -> str:
    return text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _slack_link(words: str, address: str) -> str:
    return f"<{_escaped(address)}|{words.replace('|', '/')}>" if words != address else f"<{_escaped(address)}>"


def _plain_link(words: str, address: str) -> str:
    return address if words == address else f"{words} ({address})"


@dataclass(frozen=True)
class Style:
    """How a channel writes. bold, italic, struck, code: what stands on both sides. fence: above and below code."""

    bold: str = ""
    italic: str = ""
    struck: str = ""
    code: str = ""
    fence: str = ""
    bullet: str = "- "
    escape: Callable[[str], str] = _same
    link: Callable[[str, str], str] = _plain_link


PLAIN = Style()
SLACK = Style("*", "_", "~", "`", "```", "• ", _escaped, _slack_link)
WHATSAPP = Style("*", "_", "~", "`", "```")
_MARKS = {"strong": "bold", "em": "italic", "s": "struck"}
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_LINKED = ("http://", "https://", "mailto:", "tel:")


def render(text: str, style: Style) -> str:
    """`text`, Markdown, as the channel shows it. HTML in it is text; [1] stays as it is."""
    lines: list[str] = []
    _Blocks(style, lines).render(_PARSER.parse(text.replace("\0", "\ufffd")))
    return "\n".join(lines).strip()


class _Blocks:
    """Walks over blocks and writes lines."""

    def __init__(self, style: Style, lines: list[str]) -> None:
        self._style, self._lines = style, lines
        # One entry a list that is open: the number of its next item, None where it has bullets.
        self._lists: list[int | None] = []
        self._marker, self._quotes, self._around = "", 0, ""
        self._row: list[str] | None = None

    def render(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            self._block(token)

    def _block(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
                self._gap()
            case "list_item_open":
                self._begin_item()
            case "blockquote_open":
                self._quotes += 1
            case "blockquote_close":
                self._quotes -= 1
                self._gap()
            case "paragraph_close" | "table_close" | "heading_close":
                self._gap()
            case "fence" | "code_block":
                self._code(token.content)
            case "hr":
                self._gap()
            case "heading_open":
                self._around = self._style.bold
            case "tr_open":
                self._row = []
            case "tr_close":
                self._write(" | ".join(self._row or ()))
                self._row = None
            case "inline":
                self._inline(token)

    def _begin_item(self) -> None:
        number = self._lists[-1]
        self._marker = self._style.bullet
        if number is not None:
            self._marker = f"{number}. "
            self._lists[-1] = number + 1

    def _inline(self, token: Token) -> None:
        said = render_inline(token.children or [], self._style)
        if self._row is not None:
            self._row.append(said)
        else:
            self._write(f"{self._around}{said}{self._around}")
        self._around = ""

    def _code(self, content: str) -> None:
        fence = self._style.fence
        for line in [fence, *content.rstrip("\n").split("\n"), fence] if fence else content.rstrip("\n").split("\n"):
            self._write(self._style.escape(line))
        self._gap()

    def _write(self, text: str) -> None:
        indent = "  " * max(len(self._lists) - 1, 0) + "> " * self._quotes
        for line in text.split("\n"):
            self._lines.append(indent + self._marker + line)
            self._marker = ""

    def _gap(self) -> None:
        if not self._lists and self._lines and self._lines[-1]:
            self._lines.append("")


def render_inline(tokens: Sequence[Token], style: Style) -> str:
    """The words of one block."""
    parts: list[str] = []
    links: list[tuple[int, str]] = []
    for token in tokens:
        match token.type:
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "code_inline":
                parts.append(f"{style.code}{style.escape(token.content)}{style.code}")
            case "link_open":
                links.append((len(parts), str(token.attrs.get("href", ""))))
            case "link_close":
                at, address = links.pop()
                words = "".join(parts[at:])
                parts[at:] = [style.link(words, address) if address.startswith(_LINKED) else words]
            case "image":
                parts.append(style.escape(token.content))
            case _ if token.type.removesuffix("_open").removesuffix("_close") in _MARKS:
                parts.append(getattr(style, _MARKS[token.type.rpartition("_")[0]]))
            case _:
                parts.append(style.escape(token.content))
    return "".join(parts)
