"""Log lines as JSON, one object a line, for the process that serves the API."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

_LOGGERS = ("helpdesk", "uvicorn")


class JsonLine(logging.Formatter):
    """A record as one line of JSON: time (UTC, ISO 8601), level, logger, message, the record's
    `fields` (given as extra={"fields": {...}}), and the traceback of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def write_logs(stream: TextIO, level: str) -> None:
    """Sends our log lines and uvicorn's to `stream`, from `level` up, in place of earlier handlers."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    handler.addFilter(_names_no_socket)
    for name in _LOGGERS:
        target = logging.getLogger(name)
        target.handlers = [handler]
        target.setLevel(level.upper())
        target.propagate = False


def _names_no_socket(record: logging.LogRecord) -> bool:
    """uvicorn tells each WebSocket with the caller's address and the id that its connection is known by: secrets."""
    return not (record.name == "uvicorn.error" and '"WebSocket' in str(record.msg))
