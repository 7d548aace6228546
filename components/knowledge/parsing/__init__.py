"""From the bytes of a file to a Document in Markdown, or to the reason why not."""

from components.knowledge.parsing.parser import parse

__all__ = ["parse"]
