"""What a type of node is to whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from components.agents.workflows.item import Outputs
from components.agents.workflows.visit import Visit
from components.agents.workflows.workflow import Node


def _one(_: Node) -> int:
    return 1


@dataclass(frozen=True)
class NodeKind:
    """run: one pass; raises HelpdeskErrors, and Paused. check: what of the node is not supported, in words. outputs:
    how many it has, without that for errors. inputs: more than one are waited for."""

    run: Callable[[Visit], Outputs]
    check: Callable[[Node], Iterable[str]]
    outputs: Callable[[Node], int] = _one
    inputs: Callable[[Node], int] = _one
    is_trigger: bool = False
