"""YAML read with the line of everything in it, so that an error can name the place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from components.core.errors import InvalidNluData

LARGEST_FILE = 20 * 1024 * 1024


@dataclass(frozen=True)
class Place:
    """A node of a YAML file: a mapping, a list or a text, whatever YAML would make of the text (`no`, `12`)."""

    file: str
    node: yaml.Node

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def error(self, message: str, *, line: int | None = None) -> InvalidNluData:
        """What to raise about this place, or another line of it."""
        return InvalidNluData(f"{self.file}, line {line or self.line}: {message}")

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_null(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode) and not str(self.node.value).strip()

    def entries(self, what: str) -> dict[str, Place]:
        """A mapping's values by key. Raises InvalidNluData, naming `what` this should be, where it is none, and for a
        key that stands twice."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"{what} must be a mapping of keys to values")
        found: dict[str, Place] = {}
        for key, value in self.node.value:
            name = str(key.value)
            if name in found:
                raise Place(self.file, key).error(f"the key {name!r} stands twice in {what}; once is allowed")
            found[name] = Place(self.file, value)
        return found

    def items(self, what: str) -> list[Place]:
        """A list's items; none for an empty value. Raises InvalidNluData, naming `what`, where it is no list."""
        if self.is_null:
            return []
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error(f"{what} must be a list")
        return [Place(self.file, item) for item in self.node.value]

    def text(self, what: str) -> str:
        """A text. Raises InvalidNluData, naming `what`, where it is a list or a mapping."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error(f"{what} must be a text")
        return str(self.node.value)

    def lines(self, what: str) -> list[tuple[int, str]]:
        """A block of text as (line number, line)."""
        text = self.text(what)
        first = self.line + (1 if getattr(self.node, "style", None) in ("|", ">") else 0)
        return list(enumerate(text.splitlines(), first))


def read_yaml(path: Path) -> Place | None:
    """The file's content, None where it is empty. Raises InvalidNluData for a file that cannot be read, is larger than
    20 MB, is not UTF-8 or not YAML."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InvalidNluData(f"{path}: {path.stat().st_size:,} bytes; at most {LARGEST_FILE:,} are allowed")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidNluData(f"{path}: byte {error.start} is not UTF-8, which is the only encoding allowed") from error
    except OSError as error:
        raise InvalidNluData(f"{path}: {error.strerror}") from error
    try:
        # Not libyaml's parser: it ends the process on deeply nested input.
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}" if mark else ""
        raise InvalidNluData(f"{path}{place}: not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidNluData(f"{path}: not YAML: {str(error).splitlines()[0]}") from error
    return None if node is None else Place(str(path), node)


def refuse_repeats(place: Place) -> None:
    """Raises InvalidNluData where one node stands in two places (YAML's `*alias`): a few lines of them can stand for
    more examples than there is memory."""
    seen: set[int] = set()
    waiting = [place.node]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            raise Place(place.file, node).error("it is used again by a YAML alias (*name), which is not allowed here")
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
