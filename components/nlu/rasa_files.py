"""Rasa's training files as NluData, read as Rasa 3.6 reads them, with errors that name file and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.core.errors import InvalidNluData
from components.nlu.annotations import InvalidAnnotation, read_annotations
from components.nlu.patterns import MOST_PATTERNS, InvalidPattern, check_pattern
from components.nlu.training_data import LabelledMessage, NluData, check_trainable
from components.nlu.yaml_nodes import LARGEST_FILE, Place, read_yaml, refuse_repeats

SUFFIXES = (".yml", ".yaml")
MOST_FILES = 1_000
LONGEST_MESSAGE = 5_000
_KINDS = ("intent", "synonym", "regex", "lookup")
_RESPONSE = "utter_"
_STRIPPED = "\n\r "


def nlu_schema() -> dict[str, Any]:
    """JSON Schema of a training file, draft 2020-12; what Rasa's files hold besides is passed over."""
    listed = {"type": "array", "items": {"type": "object", "required": ["text"]}}
    lines = {"type": "string", "description": "Lines that begin with `- `; entities as [NT-1](order_number)."}
    named = {"type": "string", "minLength": 1}
    item = {
        "type": "object",
        "required": ["examples"],
        "properties": {**dict.fromkeys(_KINDS, named), "examples": {"anyOf": [lines, listed]}},
        "anyOf": [{"required": [kind]} for kind in _KINDS],
    }
    return {
        "type": "object",
        "properties": {
            "version": {"type": "string"},
            "nlu": {"type": "array", "items": item},
            "responses": {"type": ["object", "null"], "additionalProperties": {"type": "array"}},
        },
    }


def read_rasa_project(folder: Path) -> NluData:
    """Everything in the *.yml files below `folder`, hidden ones left out. Raises InvalidNluData for a file that is not
    UTF-8, not YAML or not what Rasa reads, and for too little to train on."""
    files = _files(folder)
    size = sum(file.stat().st_size for file in files)
    if size > LARGEST_FILE:
        raise InvalidNluData(f"{folder}: {size:,} bytes of YAML; at most {LARGEST_FILE:,} are allowed")
    return _read(files, str(folder), trainable=True)


def read_rasa_file(path: Path, *, trainable: bool = True) -> NluData:
    """One file; raises as `read_rasa_project` does. trainable: whether too little to train on is an error."""
    return _read([path], str(path), trainable=trainable)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InvalidNluData(f"{folder}: no such folder")
    inside = folder.resolve()
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    outside = [path for path in found if not path.resolve().is_relative_to(inside)]
    if outside:
        raise InvalidNluData(f"{outside[0]}: a link that leaves {folder}, which is not allowed")
    if not found or len(found) > MOST_FILES:
        raise InvalidNluData(f"{folder}: {len(found)} files *.yml; 1 to {MOST_FILES} are allowed")
    return found


def _read(files: Iterable[Path], source: str, *, trainable: bool) -> NluData:
    project = _Project()
    for file in files:
        content = read_yaml(file)
        if content is not None:
            project.read(content)
    data = project.data()
    if trainable:
        check_trainable(data, source)
    return data


@dataclass
class _Project:
    """What has been read so far."""

    messages: list[LabelledMessage] = field(default_factory=list)
    synonyms: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, list[str]] = field(default_factory=dict)
    patterns: dict[str, list[str]] = field(default_factory=dict)
    responses: dict[str, list[str]] = field(default_factory=dict)
    language: str = "en"
    problems: list[str] = field(default_factory=list)
    said: dict[str, tuple[str, str]] = field(default_factory=dict)

    def read(self, content: Place) -> None:
        if not content.is_mapping:
            raise content.error("a Rasa file must be a mapping with keys such as `nlu` or `responses`")
        entries = content.entries("the file")
        for key in ("nlu", "responses"):
            if key in entries:
                refuse_repeats(entries[key])
        for item in entries["nlu"].items("`nlu`") if "nlu" in entries else ():
            self._read_item(item)
        if "responses" in entries and not entries["responses"].is_null:
            self._read_responses(entries["responses"])
        if "pipeline" in entries and "language" in entries:
            self.language = entries["language"].text("`language`")

    def data(self) -> NluData:
        return NluData(
            messages=tuple(self.messages),
            synonyms=self.synonyms,
            lookups={name: tuple(dict.fromkeys(values)) for name, values in self.lookups.items()},
            patterns={name: tuple(dict.fromkeys(values)) for name, values in self.patterns.items()},
            responses={key: tuple(texts) for key, texts in self.responses.items()},
            language=self.language,
            problems=tuple(self.problems),
        )

    def _read_item(self, item: Place) -> None:
        entries = item.entries("an item of `nlu`")
        kind = next((kind for kind in _KINDS if kind in entries), None)
        if kind is None:
            raise item.error(
                f"an item of `nlu` has the keys {', '.join(entries)}; one of {', '.join(_KINDS)} is needed"
            )
        name = entries[kind].text(f"`{kind}`").strip()
        if not name:
            raise entries[kind].error(f"`{kind}` has no name")
        if "examples" not in entries:
            raise item.error(f"{kind} {name!r} has no examples; a block `examples: |` with lines `- …` is needed")
        examples = list(self._examples(entries["examples"], f"{kind} {name!r}"))
        if not examples:
            raise entries["examples"].error(f"{kind} {name!r} has no examples; lines that begin with `- ` are allowed")
        for line, example in examples:
            self._read_example(kind, name, example, entries["examples"], line)

    def _examples(self, place: Place, what: str) -> Iterator[tuple[int, str]]:
        """(line, example) of a block of lines `- …`, or of a list of mappings with `text`."""
        if place.is_list:
            for item in place.items("`examples`"):
                entries = item.entries(f"an example of {what}")
                if "text" not in entries:
                    raise item.error(f"an example of {what} has no `text`")
                yield item.line, entries["text"].text("`text`").strip(_STRIPPED)
            return
        for line, written in place.lines(f"`examples` of {what}"):
            if written.startswith("-") and written[1:].strip():
                yield line, written[1:].strip(_STRIPPED)
            elif written.strip():
                self.problems.append(f"{place.file}, line {line}: {written.strip()!r} in {what} is left out: not `- …`")

    def _read_example(self, kind: str, name: str, example: str, place: Place, line: int) -> None:
        where = f"{place.file}, line {line}"
        if len(example) > LONGEST_MESSAGE:
            raise place.error(f"an example of {len(example):,} characters; at most {LONGEST_MESSAGE:,}", line=line)
        if "\0" in example:
            raise place.error("an example holds the character U+0000, which is not allowed", line=line)
        try:
            if kind == "intent":
                self._add_message(name, example, where)
            elif kind == "synonym":
                self._add_synonym(example, name, where)
            elif kind == "lookup":
                self.lookups.setdefault(name, []).append(example)
            else:
                check_pattern(example)
                self.patterns.setdefault(name, []).append(example)
        except (InvalidAnnotation, InvalidPattern) as error:
            raise place.error(str(error), line=line) from error
        if len(self.patterns.get(name, ())) > MOST_PATTERNS:
            raise place.error(f"regex {name!r}: at most {MOST_PATTERNS} patterns are allowed", line=line)

    def _add_message(self, intent: str, example: str, where: str) -> None:
        read = read_annotations(example)
        if not read.text.strip():
            self.problems.append(f"{where}: an empty example of {intent!r} is left out")
            return
        key = " ".join(read.text.lower().split())
        other, first = self.said.setdefault(key, (intent, where))
        if other != intent:
            self.problems.append(f"{where}: {read.text!r} is an example of {intent!r} and, at {first}, of {other!r}")
        self.messages.append(LabelledMessage(read.text, intent, read.entities))
        for entity in read.entities:
            if entity.value != entity.text:
                self._add_synonym(entity.text, entity.value, where)

    def _add_synonym(self, variant: str, value: str, where: str) -> None:
        before = self.synonyms.get(variant.lower(), value)
        if before != value:
            self.problems.append(f"{where}: {variant!r} stands for {value!r}, elsewhere for {before!r}; the last holds")
        self.synonyms[variant.lower()] = value

    def _read_responses(self, place: Place) -> None:
        for name, variants in place.entries("`responses`").items():
            texts = [
                entries["text"].text(f"`text` of {name}")
                for entries in (item.entries(f"a variant of {name}") for item in variants.items(name))
                if "text" in entries
            ]
            if name.startswith(_RESPONSE) and texts:
                self.responses.setdefault(name.removeprefix(_RESPONSE), []).extend(texts)
