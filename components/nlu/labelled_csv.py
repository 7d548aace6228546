"""Labelled messages in a table, as annotators and spreadsheets save them, or in Rasa's own file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from components.core.errors import InvalidNluData
from components.nlu.rasa_files import SUFFIXES, read_rasa_file
from components.nlu.training_data import LabelledMessage, NluData
from components.nlu.yaml_nodes import LARGEST_FILE

TEXT_COLUMNS = (
    *("text", "sentence", "message", "utterance", "query", "question", "example", "phrase", "instruction", "input"),
    *("content", "texts", "sentences", "messages", "utterances", "queries", "questions", "examples", "phrases"),
)
LABEL_COLUMNS = ("intent", "label", "category", "class", "topic", "tag", "target", "intents", "labels", "categories")
_DELIMITERS = ",;\t"
_SAMPLE_ROWS = 50


def read_labelled(path: Path) -> NluData:
    """A Rasa nlu.yml (by its suffix), or a CSV file with text and label: a header is optional, either may stand first,
    further columns are left out, the delimiter may be a comma, a semicolon or a tab, quotes may hold line breaks.

    Nothing is checked about how many intents there are: a test set may have one. Rows whose text or label is empty are
    left out, and named in `problems`. Raises InvalidNluData for a file that cannot be read, is larger than 20 MB, not
    UTF-8, empty, or has a row of one column or of more than the first row, naming its line.
    """
    if path.suffix.lower() in SUFFIXES:
        return read_rasa_file(path, trainable=False)
    text = _content(path)
    delimiter = max(_DELIMITERS, key=lambda sign: _regularity(text, sign))
    rows = _rows(path, text, delimiter)
    if not rows:
        raise InvalidNluData(f"{path}: no rows; text and label in two columns are needed")
    text_at, label_at, has_header = _columns(path, [row for _, row in rows])
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
    """(line at which it ends, fields) of each row that is not empty, with as many fields as the first one; what the
    first row lacks must be blank in the others."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            written = max((place for place, field in enumerate(row, 1) if field.strip()), default=0)
            if not written:
                continue
            width = len(found[0][1]) if found else max(written, min(len(row), 2))
            if written > width:
                raise InvalidNluData(
                    f"{path}, line {reader.line_num}: {written} columns, the first row has {width}; a text with "
                    f"{delimiter!r} in it needs quotes"
                )
            found.append((reader.line_num, row[:width]))
    except csv.Error as error:
        raise InvalidNluData(f"{path}, line {reader.line_num}: {error}") from error
    return found


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


def _columns(path: Path, rows: list[list[str]]) -> tuple[int, int, bool]:
    """Where text and label stand, and whether the first row is a header: one that names both, or one of two columns by
    a word that no other row has there. Without a header the label is what repeats itself."""
    names = [field.strip().lower() for field in rows[0]]
    texts = [names.index(name) for name in TEXT_COLUMNS if name in names]
    labels = [names.index(name) for name in LABEL_COLUMNS if name in names]
    if texts and labels:
        return texts[0], labels[0], True
    if len(names) != 2:
        raise InvalidNluData(
            f"{path}, line 1: columns {', '.join(map(repr, rows[0]))}; two columns, text and label, are needed, or a "
            f"header that names a text ({', '.join(TEXT_COLUMNS)}) and a label ({', '.join(LABEL_COLUMNS)})"
        )
    for named in texts + labels:
        if all(row[named].strip().lower() != names[named] for row in rows[1:] if len(row) > named):
            return (named, 1 - named, True) if texts else (1 - named, named, True)
    text_at = max((0, 1), key=lambda column: _variety(rows, column))
    return text_at, 1 - text_at, False


def _variety(rows: list[list[str]], column: int) -> tuple[int, int]:
    """How many different fields a column has, and of how many words."""
    fields = [row[column].strip() for row in rows if len(row) > column]
    return len(set(fields)), sum(len(field.split()) for field in fields)


def _message(path: Path, line: int, row: list[str], text_at: int, label_at: int) -> LabelledMessage:
    if len(row) <= max(text_at, label_at):
        raise InvalidNluData(f"{path}, line {line}: {len(row)} column; text and label are needed")
    return LabelledMessage(row[text_at].strip(), row[label_at].strip())
