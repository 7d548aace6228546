"""Merge: what came in by several ways, one after the other, side by side, or one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from components.agents.workflows.item import Item, Items, Outputs, passed_on
from components.agents.workflows.node_kind import NodeKind
from components.agents.workflows.parameters import dig, not_one_of, options_of, unsupported
from components.agents.workflows.visit import Visit
from components.agents.workflows.workflow import Node

_FIRST_MODES = {"append": "append", "mergeByIndex": "position", "passThrough": "choose", "wait": "choose"}
_COMBINED = ("combineBy", "combinationMode")


def _check(node: Node) -> Iterator[str]:
    given = node.parameters
    yield from unsupported(
        given,
        (
            *("mode", "numberInputs", "join", "options", "combineBy", "combinationMode"),
            *("chooseBranchMode", "output", "useDataOfInput"),
        ),
    )
    modes = tuple(_FIRST_MODES) if node.version < 2 else ("append", "combine", "chooseBranch")
    yield from not_one_of(given, "mode", "append", modes)
    if given.get("mode") == "combine":
        wanted = ("combineByPosition", "mergeByPosition")
        found = next((given[name] for name in _COMBINED if name in given), "by fields")
        if found not in wanted:
            yield f"combining {found!r} is not supported: {', '.join(wanted)} are"
    yield from not_one_of(given, "chooseBranchMode", "waitForAll", ("waitForAll",))
    yield from not_one_of(given, "join", "left", ("left", "inner", "outer"))
    yield from options_of(given, "includeUnpaired")


def _inputs(node: Node) -> int:
    wanted = node.parameters.get("numberInputs", 2)
    return wanted if isinstance(wanted, int) and 2 <= wanted <= 10 else 2


def _run(visit: Visit) -> Outputs:
    given = visit.node.parameters
    mode = str(given.get("mode", "append"))
    if visit.node.version < 2:
        mode = _FIRST_MODES[mode]
    ways = [items or () for items in visit.inputs]
    if mode == "append":
        return (tuple(each for number, items in enumerate(ways) for each in passed_on(items, number)),)
    if mode in ("position", "combine"):
        return (tuple(_side_by_side(ways, _keeps(given, visit.node.version))),)
    chosen = _chosen(given)
    if chosen is None:
        return ((Item({}),),)
    return (passed_on(ways[chosen], chosen) if chosen < len(ways) else (),)


def _keeps(given: Mapping[str, Any], version: float) -> str:
    """Which of the items that have none beside them are kept."""
    if version < 2:
        return str(given.get("join", "left"))
    return "outer" if dig(given, "options", "includeUnpaired") is True else "inner"


def _side_by_side(ways: list[Items], keeps: str) -> Iterator[Item]:
    for index, row in enumerate(zip_longest(*ways)):
        if (keeps == "inner" and None in row) or (keeps == "left" and row[0] is None):
            continue
        json: dict[str, Any] = {}
        for item in row:
            if item is not None:
                json = _laid_over(json, item.json)
        yield Item(json, tuple((number, index) for number, item in enumerate(row) if item is not None))


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Objects are merged, of all else the later one counts."""
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _chosen(given: Mapping[str, Any]) -> int | None:
    """The input whose items go on, None for an empty item."""
    said = given.get("useDataOfInput", given.get("output", "input1"))
    if said == "empty":
        return None
    digits = str(said).removeprefix("input")
    return int(digits) - 1 if digits.isdecimal() and int(digits) > 0 else 0


MERGE = NodeKind(_run, _check, inputs=_inputs)
