"""A YAML file as plain values with the line of each, so that every problem can name its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

LARGEST_FILE = 256 * 1024
DEEPEST = 20

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}")
_PLAIN: Mapping[str, Any] = {"true": True, "True": True, "false": False, "False": False}
_TAGS = "tag:yaml.org,2002:"
_PLAIN_TAGS = ("str", "int", "float", "bool", "null", "timestamp", "value", "merge", "map", "seq")
_NULLS = ("", "~", "null", "Null", "NULL")
_QUOTED_ARROW = re.compile(r"""^\s*-?\s*[\w-]+:\s*(["']).*\1\s*(→|->|=>)""")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Written:
    """The content of a file. value: mappings, lists, texts, numbers, true, false and null, as YAML 1.2 reads them
    (`no` is a text). lines: from 1, by the path of keys and indices to a value, for a key's value that of the key.
    text_lines: of the first line of each text."""

    file: str
    value: Any
    lines: Mapping[Path, int] = field(default_factory=dict)
    text_lines: Mapping[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Of the value there, or of the nearest one round it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


@dataclass(frozen=True)
class YamlFault:
    """Why a file cannot be read, and where."""

    line: int
    message: str


def read_written(file: str, text: str, *, needed: str) -> Written | YamlFault:
    """Its content, or why it cannot be read: too large, not YAML, a key that stands twice, an alias, too deep.
    needed: what an empty file lacks."""
    if len(text) > LARGEST_FILE or len(text.encode(errors="replace")) > LARGEST_FILE:
        return YamlFault(1, f"{len(text):,} characters: at most {LARGEST_FILE // 1024} KB are allowed")
    if bad := _UNSTORABLE.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        return YamlFault(line, f"U+{ord(bad[0]):04X} stands here: any other character is allowed")
    try:
        # Not libyaml's parser: it ends the process on deeply nested input.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        return YamlFault(line, f"not YAML: {error.problem or error.context}{_hint(text, line)}")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return YamlFault(line, f"not YAML: the character U+{int(error.character):04X} is not allowed")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return YamlFault(1, f"not YAML: {type(error).__name__}, nested too deeply or not well formed")
    if root is None:
        return YamlFault(1, f"the file is empty: {needed} is needed")
    reader = _Reader()
    value = reader.value(root, ())
    return reader.problem or Written(file, value, reader.lines, reader.text_lines)


class _Reader:
    """Walks the nodes of one file, up to the first that is not allowed."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.text_lines: dict[Path, int] = {}
        self.problem: YamlFault | None = None
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> Any:
        if self.problem is not None:
            return None
        if id(node) in self._seen:
            return self._refuse(node, "an alias (*name) is not allowed: write the value out")
        if len(path) > DEEPEST:
            return self._refuse(node, f"nested too deeply: at most {DEEPEST} levels are allowed")
        if node.tag.removeprefix(_TAGS) not in _PLAIN_TAGS:
            return self._refuse(node, f"the tag {node.tag} is not allowed: write a plain value")
        self._seen.add(id(node))
        self.lines[path] = _line(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        self.text_lines[path] = _line(node) + (1 if getattr(node, "style", None) in ("|", ">") else 0)
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, "a key must be a text")
                break
            if key.value in found:
                self._refuse(key, f"the key {key.value!r} stands twice; once is allowed")
                break
            found[key.value] = self.value(value, (*path, key.value))
            # A value on the next line is best found by its key.
            self.lines[(*path, key.value)] = _line(key)
        return found

    def _scalar(self, node: yaml.Node) -> Any:
        text = str(node.value)
        if getattr(node, "style", None) is not None or node.tag == f"{_TAGS}str":
            return text
        if text in _NULLS:
            return None
        if text in _PLAIN:
            return _PLAIN[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text

    def _refuse(self, node: yaml.Node, message: str) -> Any:
        self.problem = self.problem or YamlFault(_line(node), message)
        return None


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _hint(text: str, line: int) -> str:
    lines = text.split("\n")
    around = lines[max(0, line - 2) : line]
    if any(_QUOTED_ARROW.match(each) for each in around):
        return '; an arrow belongs inside the quotes, as in if: "amount > 100 → approve"'
    return ""
