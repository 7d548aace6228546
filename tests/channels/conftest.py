"""Channels on the session's PostgreSQL, each with a provider of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components.core.settings import Settings
from components.helpdesk.tenants import TenantRegistry
from tests.channels.channel_lines import LINES

if TYPE_CHECKING:
    from components.database.session import Database
    from tests.channels.channel_helpdesk import Helpdesk

MakeHelpdesk = Callable[..., "Helpdesk"]


@pytest.fixture
def make_helpdesk(database: Database, data_dir: Path, tmp_path: Path) -> Iterator[MakeHelpdesk]:
    """Makes a helpdesk whose providers are these lines: `make_helpdesk(line)`."""
    from tests.channels.channel_helpdesk import Helpdesk

    made: list[Helpdesk] = []

    def make(*lines: Any, **parts: Any) -> Helpdesk:
        urls = {"slack": "slack_url", "whatsapp": "whatsapp_url", "sms": "twilio_url"}
        given = {urls[line.name]: line.server.url for line in lines if line.name in urls}
        settings = Settings(data_dir=data_dir, database_url=None, public_url="https://help.example", **given)
        made.append(Helpdesk(database, TenantRegistry(database, data_dir), settings, tmp_path, **parts))
        return made[-1]

    yield make
    for helpdesk in made:
        helpdesk.close()


@pytest.fixture
def line(request: pytest.FixtureRequest) -> Iterator[Any]:
    """One channel; parametrised by its name."""
    line = LINES[request.param]()
    yield line
    line.close()
