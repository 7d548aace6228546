"""A reply as a channel brings it: formatted, with what it cites at its end, in as many parts as it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from components.channels.markdown_text import PLAIN, SLACK, WHATSAPP, Style, render
from components.channels.sms_segments import count_segments, simplified
from components.channels.splitting import split_text
from components.core.channels import ChannelName

# Slack cuts text off at 40,000 characters and advises 4,000; WhatsApp refuses more than 4,096.
LONGEST_SLACK, LONGEST_WHATSAPP, LONGEST_EMAIL = 3900, 4096, 100_000
# Twilio takes ten segments at most, and advises fewer.
MOST_SEGMENTS = 6


@dataclass(frozen=True)
class SourceLink:
    """What a [n] of the text quotes. url: where it can be read, None where it cannot."""

    number: int
    title: str
    url: str | None = None


@dataclass(frozen=True)
class FileLink:
    """A file that the message carries. url: where it can be had, None where it cannot."""

    name: str
    url: str | None = None


@dataclass(frozen=True)
class Reply:
    """A message of the helpdesk's. markdown: whether its text is Markdown; what people write is not. options: what the
    customer may answer."""

    text: str
    markdown: bool = True
    sources: tuple[SourceLink, ...] = ()
    options: tuple[str, ...] = ()
    files: tuple[FileLink, ...] = ()


@dataclass(frozen=True)
class _Shape:
    style: Style
    fits: Callable[[str], bool]
    finish: Callable[[str], str] = str


def _within(most: int) -> Callable[[str], bool]:
    # In UTF-16 code units, as the providers count.
    return lambda text: len(text) + sum(character > "\uffff" for character in text) <= most


_SHAPES: Mapping[ChannelName, _Shape] = {
    "slack": _Shape(SLACK, _within(LONGEST_SLACK)),
    "whatsapp": _Shape(WHATSAPP, _within(LONGEST_WHATSAPP)),
    "sms": _Shape(PLAIN, lambda text: count_segments(text) <= MOST_SEGMENTS, simplified),
    "email": _Shape(PLAIN, _within(LONGEST_EMAIL)),
}


def compose(channel: ChannelName, reply: Reply) -> tuple[str, ...]:
    """The parts in order, at least one; the same for the same reply."""
    shape = _SHAPES[channel]
    style = shape.style
    said = render(reply.text, style) if reply.markdown else style.escape(reply.text.strip())
    blocks = [
        said,
        "\n".join(style.bullet + style.escape(option) for option in reply.options),
        "\n".join(_linked(style, f"{file.name}", file.url) for file in reply.files),
        "\n".join(f"[{source.number}] {_linked(style, source.title, source.url)}" for source in reply.sources),
    ]
    text = shape.finish("\n\n".join(block for block in blocks if block))
    return split_text(text, shape.fits) or ("…",)


def _linked(style: Style, words: str, url: str | None) -> str:
    return style.escape(words) if url is None else style.link(style.escape(words), url)
