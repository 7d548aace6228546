"""The console has a word for all that may happen to a conversation, and to what is done for it."""

from __future__ import annotations

from typing import get_args

from apps.console.wording import APPROVALS, CALLERS, CALLS, CHANGES
from components.helpdesk import actions_config
from components.helpdesk.conversations.changes import ChangeKind
from components.tools.approvals import ApprovalStatus
from components.tools.invocation import InvocationStatus


def test_every_event_of_a_conversation_has_a_word() -> None:
    assert set(CHANGES) == {*get_args(ChangeKind), "undelivered"}


def test_every_call_and_approval_has_a_word_for_how_it_stands_and_who_asked() -> None:
    assert set(CALLS) == set(get_args(InvocationStatus))
    assert set(CALLERS) == set(actions_config.CALLERS)
    assert set(APPROVALS) == set(get_args(ApprovalStatus))
