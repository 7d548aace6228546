"""The id that a question keeps on its way through several services: the caller's own, where it sends one."""

from __future__ import annotations

import re
from uuid import uuid4

# W3C Trace Context, section 3.2.2: version 00 has four fields and no more, later ones may go on.
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


def trace_id_of(traceparent: str | None) -> str:
    """The trace id (32 hexadecimal digits) of a valid `traceparent` header, else a new one.

    >>> trace_id_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    '4bf92f3577b34da6a3ce929d0e0e4736'
    """
    found = _TRACEPARENT.fullmatch((traceparent or "").strip())
    if found is None:
        return uuid4().hex
    version, trace_id, parent_id, more = found.groups()
    if set(trace_id) == {"0"} or set(parent_id) == {"0"} or (version == "00" and more):
        return uuid4().hex
    return trace_id
