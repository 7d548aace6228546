"""The words that tickets are prioritised with."""

from __future__ import annotations

PRIORITIES = ("low", "normal", "high", "urgent")
