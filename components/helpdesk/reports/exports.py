"""Any list of figures as a file: CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import InvalidInput
from components.helpdesk.evaluation.intervals import Interval
from components.helpdesk.reports.filters import Filters

Line = TypeVar("Line")
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), full-width forms too.
FORMULA = r"[=+\-@\t\r\n＝＋－＠]"
_FORMULA = re.compile(FORMULA)
_UNSAFE = re.compile(r"[^A-Za-z0-9.]+")
LONGEST_NAME = 120
CSV, PARQUET = "text/csv; charset=utf-8", "application/vnd.apache.parquet"
# Parts that are told without the name of the part.
_INLINE = ("counts", "outcome")
_KINDS: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    date: pa.date32(),
    datetime: pa.timestamp("us"),
}


@dataclass(frozen=True)
class About:
    """What an export is of. name: of the list, such as deflection_by_day. tenants: domains."""

    name: str
    filters: Filters
    tenants: tuple[str, ...]
    refreshed_at: datetime | None


@dataclass(frozen=True)
class Export:
    """A file to be saved. name: without a path; holds the list's name, the period and the filters."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class _Column:
    name: str
    kind: pa.DataType
    read: Callable[[Any], Any]


def as_csv(kind: type[Line], rows: Sequence[Line], about: About) -> Export:
    """The rows of `csv_chunks` as one file."""
    return Export(file_name(about, "csv"), CSV, b"".join(csv_chunks(kind, [rows])))


def as_parquet(kind: type[Line], rows: Sequence[Line], about: About) -> Export:
    """The rows of `parquet_chunks` as one file."""
    return Export(file_name(about, "parquet"), PARQUET, b"".join(parquet_chunks(kind, [rows], about)))


def csv_chunks(kind: type[Line], batches: Iterable[Sequence[Line]]) -> Iterator[bytes]:
    """A file a batch at a time, so that it may be longer than memory. kind: the frozen dataclass that the rows are of.
    UTF-8 with a mark, so that spreadsheets know; moments in ISO 8601, UTC. Text that a spreadsheet would take for a
    formula gets an apostrophe in front."""
    columns = list(_columns(kind))
    yield _csv_lines([[column.name for column in columns]]).encode("utf-8-sig")
    for rows in batches:
        yield _csv_lines([[_cell(column.read(row)) for column in columns] for row in rows]).encode("utf-8")


def parquet_chunks(kind: type[Line], batches: Iterable[Sequence[Line]], about: About) -> Iterator[bytes]:
    """The same columns with their types, a group of rows a batch; period, filters, tenants and the moment up to which
    nothing is missing are in the file's metadata under `helpdesk`."""
    columns = list(_columns(kind))
    told = {
        "list": about.name,
        "since": about.filters.since.isoformat(),
        "until": about.filters.until.isoformat(),
        **about.filters.narrowed(),
        "tenants": about.tenants,
        "refreshed_at": about.refreshed_at and about.refreshed_at.isoformat(),
    }
    schema = pa.schema([(column.name, column.kind) for column in columns], {"helpdesk": json.dumps(told)})
    sink = _Sink()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for rows in batches:
            values = {column.name: [column.read(row) for row in rows] for column in columns}
            writer.write_table(pa.table(values, schema=schema))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """A file of which is kept what has not been taken yet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any, /) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._at += len(part)
        return len(part)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def file_name(about: About, ending: str) -> str:
    """Of such a file."""
    parts = [about.name, *about.tenants[:3], about.filters.since.isoformat(), about.filters.until.isoformat()]
    parts += [f"{name}-{'-'.join(values)}" for name, values in about.filters.narrowed().items()]
    plain = (_UNSAFE.sub("-", part).strip("-.") for part in parts)
    return f"{'_'.join(part for part in plain if part)[:LONGEST_NAME]}.{ending}"


def _csv_lines(lines: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue()


def _columns(kind: type, prefix: str = "") -> Iterator[_Column]:
    if not is_dataclass(kind):
        raise InvalidInput(f"kind={kind!r}: a dataclass is allowed", field="kind")
    hints = get_type_hints(kind)
    for field in fields(kind):
        yield from _column(field.name, prefix, _without_none(hints[field.name]))


def _column(name: str, prefix: str, hint: Any) -> Iterator[_Column]:
    if hint is Interval:
        for part, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
            yield _Column(f"{prefix}{name}{suffix}", pa.float64(), _path(name, part))
    elif is_dataclass(hint) and isinstance(hint, type):
        for inner in _columns(hint, prefix if name in _INLINE else f"{prefix}{name}_"):
            yield _Column(inner.name, inner.kind, _inside(name, inner.read))
    elif hint in _KINDS:
        yield _Column(f"{prefix}{name}", _KINDS[hint], _path(name))
    else:
        yield _Column(f"{prefix}{name}", pa.string(), _as_text(name))


def _path(*names: str) -> Callable[[Any], Any]:
    def read(row: Any) -> Any:
        for name in names:
            row = None if row is None else getattr(row, name)
        return row

    return read


def _inside(name: str, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda row: None if getattr(row, name) is None else read(getattr(row, name))


def _as_text(name: str) -> Callable[[Any], Any]:
    def read(row: Any) -> Any:
        value = getattr(row, name)
        return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=dict)

    return read


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        rest = [each for each in get_args(hint) if each is not NoneType]
        return rest[0] if len(rest) == 1 else str
    return hint


def harmless(text: str) -> str:
    """With an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z" if value.tzinfo is None else value.isoformat()
    return harmless(value) if isinstance(value, str) else value
