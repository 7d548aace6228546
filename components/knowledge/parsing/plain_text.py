"""Plain text as Markdown: its title line becomes a heading, the rest stays as it is."""

from __future__ import annotations

from components.core.documents import RawDocument
from components.knowledge.parsing.normalising import normalise
from components.knowledge.parsing.text import ParsedText, decode, refuse_html

_LONGEST_TITLE = 100


def text_to_markdown(raw: RawDocument) -> ParsedText:
    """A first line that stands alone and does not end like a sentence becomes the title; so do first lines in
    capitals, and later ones below a blank line become headings. Raises UnreadableDocument: `wrong_type`,
    `not_utf8`."""
    text = decode(raw, "plain text (.txt)")
    refuse_html(raw, text, "plain text (.txt)")
    lines = normalise(text).split("\n")
    made = []
    for position, line in enumerate(lines):
        following = lines[position + 1] if position + 1 < len(lines) else ""
        below_blank = position == 0 or not lines[position - 1]
        underlined = bool(following) and not following.strip("=-")
        if len(lines) > 1 and below_blank and not underlined and _is_heading(line):
            if position == 0 and (line.isupper() or not following):
                line = f"# {line}"
            elif line.isupper():
                line = f"## {line}"
        made.append(line)
    return ParsedText("\n".join(made))


def _is_heading(line: str) -> bool:
    starts_like_one = line[:1].isalnum() or line[:1] in "¿¡\"'“„«("
    return starts_like_one and len(line) <= _LONGEST_TITLE and line[-1:] not in ".,;:!|"
