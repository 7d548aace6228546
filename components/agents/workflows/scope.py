"""What a node's expressions see: its own item, what nodes before it gave, the run, the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from components.agents.workflows.expression_globals import Roots
from components.agents.workflows.expression_values import Method, Mistake, Moment, View
from components.agents.workflows.item import Item, Items, Outputs


@dataclass(frozen=True)
class Source:
    """Where a node's input came from."""

    execution: Execution
    output: int


@dataclass(frozen=True)
class Execution:
    """One pass of a node. inputs, sources: by input; None for one that nothing came into."""

    node: str
    inputs: tuple[Items | None, ...]
    sources: tuple[Source | None, ...]
    outputs: Outputs

    @property
    def first(self) -> Items:
        """The first output that has items."""
        return next((items for items in self.outputs if items), ())


@dataclass(frozen=True)
class Scope:
    """past: the passes so far, by node. now: the same however often the node is tried."""

    past: Mapping[str, Sequence[Execution]]
    inputs: tuple[Items | None, ...]
    sources: tuple[Source | None, ...]
    now: datetime
    run_id: str
    workflow: str
    passes: int = 0

    def roots(self, index: int, input: int = 0) -> Roots:
        """For one item."""
        items = self.inputs[input] or ()
        own = items[index] if index < len(items) else Item({})
        return {
            "$json": lambda: dict(own.json),
            "$input": lambda: View("$input", lambda name: _of_items("$input", items, lambda: own, name)),
            "$node": lambda: View("$node", lambda name: self._node(name, index, input)),
            "$": lambda: Method("$", lambda name: self._node(name, index, input)),
            "$now": lambda: Moment(self.now),
            "$today": lambda: Moment(self.now.replace(hour=0, minute=0, second=0, microsecond=0)),
            "$execution": lambda: _facts("$execution", {"id": self.run_id, "mode": "production"}),
            "$workflow": lambda: _facts("$workflow", {"id": self.workflow, "name": self.workflow, "active": True}),
            "$itemIndex": lambda: index,
            "$runIndex": lambda: self.passes,
        }

    def _node(self, name: Any, index: int, input: int) -> View:
        passes = self.past.get(name) if isinstance(name, str) else None
        if not passes:
            known = ", ".join(self.past) or "none"
            raise Mistake(f"no node {str(name)[:100]!r} has run before this one: {known} have")
        items = passes[-1].first
        title = f"the node {name!r}"
        return View(title, lambda part: _of_items(title, items, lambda: self._paired(name, items, index, input), part))

    def _paired(self, name: str, items: Items, index: int, input: int) -> Item:
        """The item of an earlier node that this one was made from; else the one in the same place, or the only one."""
        waiting = [(self.sources, input, index)]
        while waiting:
            sources, at, place = waiting.pop(0)
            source = sources[at] if at < len(sources) else None
            given = () if source is None else source.execution.outputs[source.output]
            if source is None or place >= len(given):
                continue
            if source.execution.node == name:
                return given[place]
            waiting.extend((source.execution.sources, *pair) for pair in given[place].paired)
        if index < len(items):
            return items[index]
        if len(items) == 1:
            return items[0]
        raise Mistake(f"the node {name!r} has no item that belongs to item {index + 1}")


def _of_items(title: str, items: Items, own: Any, name: str) -> Any:
    if name == "json":
        return dict(own().json)
    if name == "item":
        return _item_view(title, own())
    if name in ("first", "last"):
        if not items:
            return Method(name, lambda: None)
        return Method(name, lambda: _item_view(title, items[0 if name == "first" else -1]))
    if name == "all":
        return Method(name, lambda: [{"json": dict(item.json)} for item in items])
    raise Mistake(f"{title} has no {name[:60]}: there are json, item, first(), last(), all()")


def _item_view(title: str, item: Item) -> View:
    return _facts(f"an item of {title}", {"json": dict(item.json)})


def _facts(title: str, facts: Mapping[str, Any]) -> View:
    def find(name: str) -> Any:
        if name not in facts:
            raise Mistake(f"{title} has no {name[:60]}: there are {', '.join(facts)}")
        return facts[name]

    return View(title, find, lambda: dict(facts))


KNOWN_ROOTS = frozenset(
    {"$json", "$input", "$node", "$", "$now", "$today", "$execution", "$workflow", "$itemIndex", "$runIndex"}
)
