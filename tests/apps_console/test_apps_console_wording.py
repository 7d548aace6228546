"""The console has a word for all that may happen to a conversation."""

from __future__ import annotations

from typing import get_args

from apps.console.wording import CHANGES
from components.helpdesk.conversations.changes import ChangeKind


def test_every_event_of_a_conversation_has_a_word() -> None:
    assert set(CHANGES) == {*get_args(ChangeKind), "undelivered"}
