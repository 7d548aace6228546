"""How an event of a socket is answered: every one is, with what came of it or with what was wrong."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from apps.api.handover.requests import Request
from apps.api.problems import PROBLEMS, known_code
from components.core.errors import HelpdeskError

Answer = dict[str, Any]

logger = logging.getLogger("helpdesk.handover")


@dataclass(frozen=True)
class Handler:
    """What an event must carry, and what it does."""

    request: type[Request]
    act: Callable[..., Awaitable[Answer]]


def done(answer: Answer) -> Answer:
    """What came of it."""
    return {"ok": True, **answer}


def failed(error: HelpdeskError) -> Answer:
    """What was wrong, in the words that HTTP has for it; what is not told is logged."""
    code = known_code(type(error))
    kind = PROBLEMS[code]
    if kind.status >= 500:
        logger.warning("%s: %s", code, error.message)
    return {"ok": False, "code": code, "message": kind.detail or error.message, "field": error.field}


def fault() -> Answer:
    """A fault of ours, in the middle of being logged."""
    logger.exception("fault in an event of a socket")
    kind = PROBLEMS["internal_error"]
    return {"ok": False, "code": "internal_error", "message": kind.title, "field": None}
