"""Which tests stay together on one worker of pytest-xdist, and which of these groups begin first.

xdist's own groups are written into a test's id, which a second try or a report would have to take out again (and with
pytest 9.2 they are not written at all). This scheduler tells the group from the id, and leaves the id as it is.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

# Rooms whose tests stand on one server or workbench, which every worker would have to make anew; the longest first.
TOGETHER = ("apps_api", "apps_console", "dagster_project", "dashboards", "notebooks", "apps_chat")
# The real Rasa is trained once, and goes with the API's tests, some of which talk to it.
TOO = {"test_nlu_rasa_real.py": "apps_api"}


def group_of(test: str) -> str:
    """The group of a test by its id: its room, or else its file, that goes wherever there is time.

    >>> group_of("tests/apps_chat/test_apps_chat_theme.py::test_colours")
    'apps_chat'
    """
    file = PurePosixPath(test.partition("::")[0])
    room = file.parent.name
    return TOO.get(file.name) or (room if room in TOGETHER else str(file))


def turn_of(test: str) -> int:
    """When the test's group begins: the longest first, so that a worker that is done early finds short ones."""
    group = group_of(test)
    return TOGETHER.index(group) if group in TOGETHER else len(TOGETHER)


class GroupScheduling(LoadScopeScheduling):
    """Gives groups to workers, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
