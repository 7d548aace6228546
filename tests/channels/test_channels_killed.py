"""Processes that are killed -9 while they take or send: every message is taken once, and every reply arrives once."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.database.addresses import DatabaseAddresses
from tests.channels.channel_lines import SlackLine
from tests.channels.channel_process import Job, killed
from tests.channels.conftest import MakeHelpdesk


@pytest.mark.parametrize("step", ["opened", "taken", "begun", "delivered", "sent"])
def test_a_killed_process_loses_and_doubles_nothing(
    make_helpdesk: MakeHelpdesk, postgres: DatabaseAddresses, tmp_path: Path, step: str
) -> None:
    line = SlackLine()
    try:
        helpdesk = make_helpdesk(line)
        tenant = helpdesk.tenant({"slack": line.config(helpdesk)})
        for number in range(2):
            line.write(helpdesk, tenant, f"question {number}")
        killed(Job((postgres.app, postgres.operator), helpdesk.settings, tmp_path, tenant, step))
        helpdesk.work_through(tenant, minutes=3)
        assert line.texts() == ["About question 0", "About question 1"]
        assert len(helpdesk.conversations(tenant)) == 1
        assert helpdesk.waiting(tenant) == helpdesk.waiting(tenant, "inbound") == []
    finally:
        line.close()
