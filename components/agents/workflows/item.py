"""What goes from node to node: lists of items, each of which knows what it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Item:
    """json: its values. paired: from which items it was made, as (input, index) of the node that made it."""

    json: Mapping[str, Any]
    paired: tuple[tuple[int, int], ...] = ()

    def by(self, index: int, input: int = 0) -> Item:
        """The same, as a node gives it that made it from this item of its own."""
        return replace(self, paired=((input, index),))


Items = tuple[Item, ...]
Outputs = tuple[Items, ...]


def passed_on(items: Iterable[Item], input: int = 0) -> Items:
    """As a node gives them that changes nothing."""
    return tuple(item.by(index, input) for index, item in enumerate(items))


def stored(outputs: Outputs) -> dict[str, Any]:
    """As a step keeps them."""
    return {"outputs": [[_stored(item) for item in items] for items in outputs]}


def _stored(item: Item) -> dict[str, Any]:
    return {"json": dict(item.json), "from": [list(pair) for pair in item.paired]}


def restored(values: Mapping[str, Any]) -> Outputs:
    """Of what a step has kept."""
    return tuple(
        tuple(Item(item["json"], tuple((pair[0], pair[1]) for pair in item["from"])) for item in each)
        for each in values["outputs"]
    )
