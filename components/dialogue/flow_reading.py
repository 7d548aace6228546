"""Flow files in, a set of flows that can run out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from components.core.errors import InvalidFlow
from components.core.work import WorkKind
from components.dialogue.flow import FlowSet
from components.dialogue.flow_checks import problems_of
from components.dialogue.flow_files import read_flows

_MOST_SAID = 5


def load_flows(
    files: Mapping[str, str],
    *,
    version: int = 0,
    intents: frozenset[str] | None = None,
    work: Mapping[WorkKind, frozenset[str]] | None = None,
    own: Collection[str] | None = None,
) -> FlowSet:
    """The flows of these files, main among them. files: YAML texts by name, `main.yaml`. intents, work: what there is,
    where arrows and nodes are to be held against it; own: the files whose arrows are, all by default.

    Raises InvalidFlow naming file, line, node and what is allowed, for the first errors; check_flows has them all.

    >>> load_flows({"main.yaml": "nodes: [{id: greet, type: message, text: Hello!}]"}).main.start
    'greet'
    """
    read = read_flows(files)
    errors = [each for each in problems_of(read, intents=intents, work=work, own=own) if each.severity == "error"]
    if errors:
        more = f"; and {len(errors) - _MOST_SAID} more" if len(errors) > _MOST_SAID else ""
        raise InvalidFlow("; ".join(map(str, errors[:_MOST_SAID])) + more, field="flows")
    return FlowSet(version, read.plain)
