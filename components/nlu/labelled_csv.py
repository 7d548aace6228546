"""Labelled messages in a table, as annotators and spreadsheets save them, or in Rasa's own file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from components.core.errors import InvalidNluData
from components.nlu.rasa_files import SUFFIXES, read_rasa_file
from components.nlu.training_data import LabelledMessage, NluData
from components.nlu.yaml_nodes import LARGEST_FILE

TEXT_COLUMNS = ("text", "sentence", "message", "utterance", "query", "question", "example")
LABEL_COLUMNS = ("intent", "label", "category", "class")
_DELIMITERS = ",;\t"
_SAMPLE_ROWS = 50


def read_labelled(path: Path) -> NluData:
    """A Rasa nlu.yml (by its suffix), or a CSV file with text and label: a header is optional, further columns are
    left out, the delimiter may be a comma, a semicolon or a tab, quotes may hold line breaks.

    Nothing is checked about how many intents there are: a test set may have one. Rows whose text or label is empty are
    left out, and named in `problems`. Raises InvalidNluData for a file that cannot be read, is larger than 20 MB, not
    UTF-8, empty, or has a row of one column, naming its line.
    """
    if path.suffix in SUFFIXES:
        return read_rasa_file(path, trainable=False)
    text = _content(path)
    delimiter = max(_DELIMITERS, key=lambda sign: _regularity(text, sign))
    rows = _rows(path, text, delimiter)
    if not rows:
        raise InvalidNluData(f"{path}: no rows; text and label in two columns are needed")
    text_at, label_at, has_header = _columns(path, rows[0][1])
    read = [(line, _message(path, line, row, text_at, label_at)) for line, row in rows[has_header:]]
    messages = tuple(message for _, message in read if message.text and message.intent)
    if not messages:
        raise InvalidNluData(f"{path}: no row with text and label; at least one message is needed")
    problems = (
        f"{path}, line {line}: left out, the {'label' if message.text else 'text'} is empty"
        for line, message in read
        if not (message.text and message.intent)
    )
    return NluData(messages, problems=tuple(problems))


def _content(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise InvalidNluData(f"{path}: {size:,} bytes; at most {LARGEST_FILE:,} are allowed")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidNluData(f"{path}: byte {error.start} is not UTF-8, which is the only encoding allowed") from error
    except OSError as error:
        raise InvalidNluData(f"{path}: {error.strerror}") from error
    if "\0" in text:
        raise InvalidNluData(f"{path}: it holds the character U+0000, so it is no text file")
    return text


def _rows(path: Path, text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """(line at which it ends, fields) of each row that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [(reader.line_num, row) for row in reader if any(field.strip() for field in row)]
    except csv.Error as error:
        raise InvalidNluData(f"{path}, line {reader.line_num}: {error}") from error


def _regularity(text: str, delimiter: str) -> tuple[int, int]:
    """How well a delimiter explains the first rows: rows of two fields or more that are as many as in the first row."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        widths = [len(row) for row, _ in zip(reader, range(_SAMPLE_ROWS), strict=False) if row]
    except csv.Error:
        return (0, 0)
    if not widths or widths[0] < 2:
        return (0, 0)
    return (sum(width == widths[0] for width in widths), -widths[0])


def _columns(path: Path, first: list[str]) -> tuple[int, int, bool]:
    """Where text and label stand, and whether the first row is a header: one that names both."""
    names = [field.strip().lower() for field in first]
    texts = [names.index(name) for name in TEXT_COLUMNS if name in names]
    labels = [names.index(name) for name in LABEL_COLUMNS if name in names]
    if texts and labels:
        return texts[0], labels[0], True
    if len(first) == 2:
        return 0, 1, False
    raise InvalidNluData(
        f"{path}, line 1: columns {', '.join(map(repr, first))}; two columns, text and label, are needed, or a header "
        f"that names a text ({', '.join(TEXT_COLUMNS)}) and a label ({', '.join(LABEL_COLUMNS)})"
    )


def _message(path: Path, line: int, row: list[str], text_at: int, label_at: int) -> LabelledMessage:
    if len(row) <= max(text_at, label_at):
        raise InvalidNluData(f"{path}, line {line}: {len(row)} column; text and label are needed")
    return LabelledMessage(row[text_at].strip(), row[label_at].strip())
