"""What the work that this helpdesk does by itself wants to be told, as JSON Schemas of its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.core.work import WorkKind

PRIORITIES = ("low", "normal", "high", "urgent")

_REFUND = {
    "type": "object",
    "properties": {
        "order_number": {"type": "string", "minLength": 1, "maxLength": 100},
        "reason": {"type": "string", "minLength": 1, "maxLength": 2000},
    },
    "required": ["order_number", "reason"],
    # A flow may ask for more than we know of.
    "additionalProperties": {"type": ["string", "number", "boolean", "null"], "maxLength": 2000},
    "maxProperties": 20,
}
_CREATE_TICKET = {
    "type": "object",
    "properties": {
        "subject": {"type": "string", "minLength": 1, "maxLength": 300},
        "description": {"type": "string", "maxLength": 10_000},
        "priority": {"enum": list(PRIORITIES)},
    },
    "required": ["subject", "description"],
    "additionalProperties": False,
}

SCHEMAS: Mapping[WorkKind, Mapping[str, Mapping[str, Any]]] = {
    "workflow": {"refund": _REFUND},
    "tool": {"create_ticket": _CREATE_TICKET},
}
