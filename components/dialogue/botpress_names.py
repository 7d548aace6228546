"""What Botpress calls nodes and flows, and what we call them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from components.dialogue.flow import BUILT_IN, END, HANDOVER, MAIN

_ENDING = re.compile(r"(\.flow)?\.json$")
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 60


class Names:
    """Those of one flow, and where its arrows lead."""

    def __init__(self, name: str, flows: Mapping[str, Mapping[str, Any]], nodes: Sequence[str]) -> None:
        self.flow_id = flow_id(name)
        self._name, self._flows = name, flows
        # A node that had the name of a flow would hide it.
        self._taken = {*BUILT_IN, *map(flow_id, flows)}
        self._ids: dict[str, str] = {}
        for node in nodes:
            if node not in self._ids:
                self._ids[node] = self.free(node)

    @staticmethod
    def of_file(file: str) -> str:
        """`main` for `flows/main.flow.json`."""
        return _ENDING.sub("", file.replace("\\", "/").rsplit("/", 1)[-1])

    def node(self, name: str) -> str | None:
        """The id that a node got."""
        return self._ids.get(name)

    def free(self, name: str) -> str:
        """An id like this one that no other node has."""
        plain = _plain(name, "node")
        found, number = plain, 2
        while found in self._taken:
            found, number = f"{plain}_{number}", number + 1
        self._taken.add(found)
        return found

    def target(self, written: str) -> tuple[str, str | None]:
        """Ours, and what is doubtful about it: `node`, `other.flow.json`, `other.flow.json#node`, `#` for back to the
        caller, `END`, or nothing."""
        if written in ("", "END", "#"):
            return END, None
        if written.startswith("#"):
            return END, f"{written!r} goes back to a node of the flow that called: it only goes back for now"
        if written in self._ids:
            return self._ids[written], None
        flow, _, node = written.partition("#")
        name = self.of_file(flow)
        if not _ENDING.search(flow) or (name not in self._flows and name != self._name):
            return HANDOVER, f"the target {written!r} is not there: it hands over to a person for now"
        if name == self._name and node in self._ids:
            return self._ids[node], None
        if name == MAIN:
            begins = not node or node == self._flows[name].get("startNode")
            return MAIN, None if begins else f"{written!r} enters main in its middle: it begins main anew for now"
        if node and node != self._flows[name].get("startNode"):
            return flow_id(name), f"{written!r} enters a flow in its middle: it runs from its start for now"
        return flow_id(name), None


def flow_id(name: str) -> str:
    """A flow's id of ours."""
    return _plain(name, "flow")


def _plain(name: str, instead: str) -> str:
    return _OTHER.sub("_", name).strip("_-")[:_LONGEST] or instead
