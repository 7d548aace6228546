"""A workflow as it runs: nodes with parameters, and which output of one goes into which input of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

OnError = Literal["stop", "continue", "error_output"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Problem:
    """What keeps a workflow from running. node: its name, "" for all of the workflow."""

    node: str
    message: str

    def __str__(self) -> str:
        return f"node {self.node!r}: {self.message}" if self.node else self.message


@dataclass(frozen=True)
class Node:
    """type: n8n's, without what stands for a package. credentials: names by n8n's type of credential. tries: how often
    it is tried where it fails for the moment, None for the house's own way. pause: seconds between. always_output: an
    empty item goes on where there is none."""

    name: str
    type: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    version: float = 1.0
    position: tuple[float, float] = (0.0, 0.0)
    disabled: bool = False
    on_error: OnError = "stop"
    tries: int | None = None
    pause: float = 1.0
    credentials: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    always_output: bool = False
    once: bool = False


@dataclass(frozen=True)
class Link:
    """From an output of a node to an input of another, both from 0."""

    source: str
    output: int
    target: str
    input: int


@dataclass(frozen=True)
class Workflow:
    """nodes: as they are written, notes left out."""

    name: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        return {node.name: node for node in self.nodes}

    def after(self, name: str, output: int) -> tuple[Link, ...]:
        """Those that an output goes to, the topmost on the canvas first, as n8n has it."""
        found = (link for link in self.links if link.source == name and link.output == output)
        return tuple(sorted(found, key=lambda link: self.by_name[link.target].position[::-1]))

    def inputs(self, name: str) -> frozenset[int]:
        """Those inputs of a node that something goes into."""
        return frozenset(link.input for link in self.links if link.target == name)

    @cached_property
    def roots(self) -> tuple[Node, ...]:
        """Those that nothing goes into."""
        targets = {link.target for link in self.links}
        return tuple(node for node in self.nodes if node.name not in targets)
