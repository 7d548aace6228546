"""Markdown and MDX as plain Markdown: front matter read, components and HTML taken off, their text kept."""

from __future__ import annotations

import yaml

from components.core.documents import RawDocument
from components.knowledge.blocks import is_table_delimiter
from components.knowledge.parsing.markup import without_markup
from components.knowledge.parsing.mdx import without_components
from components.knowledge.parsing.normalising import normalise, single_line
from components.knowledge.parsing.text import ParsedText, decode, refuse_html

_EXPECTED = "Markdown (.md, .markdown, .mdx)"
_LONGEST_FRONT_MATTER = 100_000


def clean_markdown(raw: RawDocument) -> ParsedText:
    """Title and description of the front matter are used (the description opens the text), the rest of it is
    dropped. Raises UnreadableDocument: `wrong_type`, `not_utf8`."""
    text = decode(raw, _EXPECTED)
    refuse_html(raw, text, _EXPECTED)
    title, description, body = _front_matter(normalise(text))
    if raw.path.lower().endswith(".mdx"):
        body = without_components(body)
    body = without_markup(body)
    if description and body.strip() and description not in body:
        body = f"{description}\n\n{body}"
    return ParsedText(body, declared_title=title)


def _front_matter(text: str) -> tuple[str, str, str]:
    """(title, description, the text below). What is not front matter is left where it stands."""
    if not text.startswith("---\n"):
        return "", "", text
    end = text.find("\n---\n", 3, _LONGEST_FRONT_MATTER)
    if end < 0 and text.endswith("\n---") and len(text) <= _LONGEST_FRONT_MATTER:
        end = len(text) - 4
    if end < 0 or any(is_table_delimiter(line) for line in text[4:end].split("\n")):
        return "", "", text
    body = text[end + 5 :]
    fields = _fields(text[4:end])
    if fields is None:
        return "", "", text
    return fields.get("title", ""), fields.get("description", ""), body


def _fields(front_matter: str) -> dict[str, str] | None:
    """Its text fields; None for what is no mapping (a text between two rules, say)."""
    try:
        read = yaml.safe_load(front_matter)
    except (yaml.YAMLError, ValueError, RecursionError):
        # A title with an unquoted colon breaks YAML, and is common.
        pairs = (line.partition(":") for line in front_matter.split("\n") if ":" in line and line[:1].isalpha())
        read = {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}
    if not isinstance(read, dict):
        return None if read is not None else {}
    return {
        str(key).lower(): single_line(str(value)) for key, value in read.items() if isinstance(value, str | int | float)
    }
